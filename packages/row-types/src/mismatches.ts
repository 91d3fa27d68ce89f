import { z } from 'zod';
import { typeText } from './compare.js';
import type { ColumnDescription, TableDescription, ValueType } from './description.js';
import { values } from './values.js';

type Row = Readonly<Record<string, unknown>>;

/** The part of a change that is compared with a description. */
interface Rows {
  readonly op: string;
  readonly before: Row | null;
  readonly after: Row | null;
  /** Columns that PostgreSQL did not send. */
  readonly unchanged?: readonly string[];
  /** Columns that the queue leaves out. */
  readonly stripped?: readonly string[];
}

/**
 * How rows differ from a table's description, each mismatch once: `orders.total is gone`, `orders.total:
 * expected integer, found a string`. Never contains a value. Empty if the rows match.
 */
export type MismatchesOf = (rows: Rows) => string[];

export interface MismatchesOptions {
  /** In a readable form. */
  readonly name: string;
  readonly table: TableDescription;
  /** False for a column whose values do not reach the queue unchanged: it is not checked. */
  readonly sent: (column: string) => boolean;
}

interface Check {
  readonly column: ColumnDescription;
  readonly fits: (value: unknown) => boolean;
}

/** Compares the rows of changes with a table's description. Unknown columns are no mismatch. */
export function mismatchesOf({ name, table, sent }: MismatchesOptions): MismatchesOf {
  const whole = table.columns
    .filter(column => sent(column.name))
    .map(column => {
      const validator = validatorOf(column);
      return { column, fits: (value: unknown) => validator.safeParse(value).success };
    });
  const old =
    table.oldRow === 'whole' ? whole : whole.filter(({ column }) => table.key.includes(column.name));
  return ({ op, before, after, unchanged = [], stripped = [] }) => {
    const misses = (row: Row | null, checks: readonly Check[]) =>
      row === null
        ? []
        : checks
            .filter(({ column }) => !stripped.includes(column.name))
            .flatMap(check => mismatchOf(row, check, unchanged) ?? [])
            .map(mismatch => `${name}.${mismatch}`);
    const unknownOld = table.oldRow === 'whole' && op === 'update' && before === null;
    return [
      ...(unknownOld ? [`the old row of ${name} is not sent`] : []),
      ...new Set([...misses(before, old), ...misses(after, whole)]),
    ];
  };
}

function mismatchOf(row: Row, { column, fits }: Check, unchanged: readonly string[]): string | undefined {
  const { name, type, optional } = column;
  if (!Object.hasOwn(row, name)) {
    if (optional) return undefined;
    return unchanged.includes(name) ? `${name} is left out of the update` : `${name} is gone`;
  }
  const value = row[name];
  return fits(value) ? undefined : `${name}: expected ${typeText(type)}, found ${foundText(value, type)}`;
}

/** The kind of a value; `another` if the kind is the expected one. */
function foundText(value: unknown, expected: ValueType): string {
  if (value === null) return 'null';
  const kind = Array.isArray(value) ? 'array' : typeof value;
  if (kind === jsonKindOf(expected)) return `another ${kind}`;
  return `${kind === 'array' || kind === 'object' ? 'an' : 'a'} ${kind}`;
}

function jsonKindOf(type: ValueType): string {
  if (typeof type !== 'string') return 'enum' in type ? 'string' : 'array';
  if (type === 'integer' || type === 'float') return 'number';
  return type === 'boolean' ? 'boolean' : 'string';
}

/** The validator that `walmq types` prints for a column, as an object. */
function validatorOf({ type, nullable }: ColumnDescription): z.ZodType {
  return nullable ? typeValidator(type).nullable() : typeValidator(type);
}

function typeValidator(type: ValueType): z.ZodType {
  // A change was parsed from JSON, so every value is valid. zod's own check recurses, and fails on deep
  // nesting.
  if (type === 'json') return z.unknown();
  if (typeof type === 'string') return values[type];
  if ('enum' in type) return z.enum(type.enum);
  let validator: z.ZodType = typeValidator(type.array).nullable();
  for (let depth = 0; depth < type.dimensions; depth++) validator = validator.array();
  return validator;
}
