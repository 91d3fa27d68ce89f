import type { ColumnDescription, TableDescription, ValueType } from './description.js';

/** One difference between a table and its expected description. */
export interface Difference {
  /** Name of the column; undefined if the whole table differs. */
  readonly column: string | undefined;
  /** Text behind the name in a message: `is gone`, `is bigint, was integer`. */
  readonly what: string;
  /** True if code written for the expected table may get a value that it does not know. */
  readonly breaks: boolean;
}

/**
 * Every difference between two descriptions of a table, including harmless ones: a new column, NOT NULL where
 * NULL was allowed.
 */
export function compareTables(expected: TableDescription, found: TableDescription): Difference[] {
  const differences: Difference[] = [];
  if (expected.oldRow !== found.oldRow)
    differences.push({
      column: undefined,
      what: found.oldRow === 'key' ? 'no longer has REPLICA IDENTITY FULL' : 'has REPLICA IDENTITY FULL now',
      breaks: found.oldRow === 'key',
    });
  if (expected.key.join('\0') !== found.key.join('\0'))
    differences.push({
      column: undefined,
      what: `has the key (${found.key.join(', ')}), had (${expected.key.join(', ')})`,
      breaks: expected.key.some(name => !found.key.includes(name)),
    });
  const now = new Map(found.columns.map(column => [column.name, column]));
  for (const column of expected.columns) differences.push(...compareColumns(column, now.get(column.name)));
  const before = new Set(expected.columns.map(({ name }) => name));
  for (const { name } of found.columns)
    if (!before.has(name)) differences.push({ column: name, what: 'is new', breaks: false });
  return differences;
}

function compareColumns(expected: ColumnDescription, found: ColumnDescription | undefined): Difference[] {
  const column = expected.name;
  if (!found) return [{ column, what: 'is gone', breaks: true }];
  const differences: Difference[] = [];
  const [was, is] = [typeText(expected.type), typeText(found.type)];
  if (was !== is)
    differences.push({ column, what: `is ${is}, was ${was}`, breaks: !fits(expected.type, found.type) });
  if (expected.nullable !== found.nullable)
    differences.push({
      column,
      what: found.nullable ? 'may be null now' : 'is NOT NULL now',
      breaks: found.nullable,
    });
  if (Boolean(expected.optional) !== Boolean(found.optional))
    differences.push({
      column,
      what: found.optional ? 'may be left out of updates now' : 'is always sent now',
      breaks: Boolean(found.optional),
    });
  return differences;
}

/** True when every value of `found` is one of `expected`. */
function fits(expected: ValueType, found: ValueType): boolean {
  if (typeof expected === 'string') {
    if (typeof found === 'string') return expected === found || WIDER[found] === expected;
    return expected === 'text' && 'enum' in found;
  }
  if (typeof found === 'string') return false;
  if ('enum' in expected) return 'enum' in found && found.enum.every(label => expected.enum.includes(label));
  return 'array' in found && expected.dimensions === found.dimensions && fits(expected.array, found.array);
}

/** Scalars whose values are all valid values of another scalar, in the same form. */
const WIDER: Readonly<Record<string, ValueType>> = { integer: 'float', bigint: 'numeric' };

/** In a readable form: `integer[]`, `enum (sad, happy)`. */
export function typeText(type: ValueType): string {
  if (typeof type === 'string') return type;
  if ('enum' in type) return `enum (${type.enum.join(', ')})`;
  return `${typeText(type.array)}${'[]'.repeat(type.dimensions)}`;
}
