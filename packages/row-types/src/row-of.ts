import { z } from 'zod';

type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? unknown : never) : never;

/**
 * A validator of `Row` from one validator per column. It does not compile if the two differ in a column or
 * its type. It omits unknown columns, which may have been added to the table since.
 */
export function rowOf<Row>() {
  return <Shape extends { readonly [Column in keyof Row]: z.ZodType }>(
    shape: Shape & {
      readonly [Column in keyof Shape]: Column extends keyof Row
        ? Same<z.output<Shape[Column]>, Row[Column]>
        : never;
    },
  ) => z.object(shape as Shape);
}

/**
 * A validator of a new row as PostgreSQL sends it: like that of the whole row, but the columns of `optional` may be absent.
 */
export function sentOf<Shape extends z.ZodRawShape, Column extends keyof Shape & string>(
  row: z.ZodObject<Shape>,
  optional: readonly Column[],
) {
  const columns = optional.map(name => [name, z.exactOptional(row.shape[name] as z.core.SomeType)]);
  return row.extend(Object.fromEntries(columns) as { [Name in Column]: z.ZodExactOptional<Shape[Name]> });
}
