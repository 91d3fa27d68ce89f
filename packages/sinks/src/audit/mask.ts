import { jsonMembers } from '@walmq/change';

/** What the log omits of a table's rows. */
export interface ColumnRules {
  /** Columns that it omits. */
  readonly leaveOut: ReadonlySet<string>;
  /** Columns whose values it replaces by `MASKED`; null stays null. */
  readonly mask: ReadonlySet<string>;
}

/** Keeps every column as it is. */
export const NO_RULES: ColumnRules = { leaveOut: new Set(), mask: new Set() };

const MASKED = JSON.stringify('***');

/** The row as the log holds it, JSON text. Values that stay are not parsed, so their text is unchanged. */
export function applyMask(row: string, { leaveOut, mask }: ColumnRules): string {
  if (row === 'null' || (leaveOut.size === 0 && mask.size === 0)) return row;
  const members = jsonMembers(row);
  if (!members) throw new RangeError('a row names a column twice');
  const kept = [...members]
    .filter(([name]) => !leaveOut.has(name))
    .map(([name, json]) => `${JSON.stringify(name)}:${mask.has(name) && json !== 'null' ? MASKED : json}`);
  return `{${kept.join(',')}}`;
}
