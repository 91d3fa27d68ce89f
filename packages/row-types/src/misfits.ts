import { z } from 'zod';
import { typeText } from './compare.js';
import type { ColumnDescription, TableDescription, ValueType } from './description.js';
import { values } from './values.js';

type Row = Readonly<Record<string, unknown>>;

/** What of a change is held against a description. */
export interface Rows {
  readonly op: string;
  readonly before: Row | null;
  readonly after: Row | null;
  /** Columns that were left out of it on purpose. */
  readonly stripped?: readonly string[];
}

/** How rows are not as a table was described: `after.total is gone`, never a value; nothing: they fit. */
export type MisfitsOf = (rows: Rows) => string[];

interface Check {
  readonly column: ColumnDescription;
  readonly fits: (value: unknown) => boolean;
}

/**
 * Holds the rows of changes against a table's description. Columns that it does not know are no misfit, nor are those
 * that are not `sent` as they are in the table.
 */
export function misfitsOf(table: TableDescription, sent: (column: string) => boolean): MisfitsOf {
  const whole = table.columns
    .filter(({ name }) => sent(name))
    .map(column => {
      const validator = validatorOf(column);
      return { column, fits: (value: unknown) => validator.safeParse(value).success };
    });
  const old =
    table.oldRow === 'whole' ? whole : whole.filter(({ column }) => table.key.includes(column.name));
  return ({ op, before, after, stripped = [] }) => {
    const misses = (side: string, row: Row, checks: readonly Check[]) =>
      checks
        .filter(({ column }) => !stripped.includes(column.name))
        .flatMap(check => misfitOf(row, check) ?? [])
        .map(misfit => `${side}.${misfit}`);
    const unknownOld = table.oldRow === 'whole' && op === 'update' && before === null;
    return [
      ...(unknownOld ? ['the old row is not sent'] : []),
      ...(before ? misses('before', before, old) : []),
      ...(after ? misses('after', after, whole) : []),
    ];
  };
}

function misfitOf(row: Row, { column, fits }: Check): string | undefined {
  const { name, type, optional } = column;
  if (!Object.hasOwn(row, name)) return optional ? undefined : `${name} is gone`;
  if (fits(row[name])) return undefined;
  return row[name] === null ? `${name} is null` : `${name} is no ${typeText(type)}`;
}

/** The validator of a column's values: what `walmq types` prints of it, made at once. */
export function validatorOf({ type, nullable }: Pick<ColumnDescription, 'type' | 'nullable'>): z.ZodType {
  return nullable ? typeValidator(type).nullable() : typeValidator(type);
}

function typeValidator(type: ValueType): z.ZodType {
  if (typeof type === 'string') return values[type];
  if ('enum' in type) return z.enum(type.enum);
  let validator: z.ZodType = typeValidator(type.array).nullable();
  for (let depth = 0; depth < type.dimensions; depth++) validator = validator.array();
  return validator;
}
