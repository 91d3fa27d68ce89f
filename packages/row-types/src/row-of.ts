import { z } from 'zod';

type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? unknown : never) : never;

/**
 * A validator of `Row` from one validator per column: it does not compile where the two differ in a column or its
 * type. Columns that it does not know, as a table may have been given since, it leaves out.
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
