import { jsonMembers } from '@walmq/change';

/** What of a table's rows does not get into the log. */
export interface ColumnRules {
  /** Columns that it does not hold at all. */
  readonly leaveOut: ReadonlySet<string>;
  /** Columns whose values it does not hold: `MASKED` in their place, null where they are null. */
  readonly mask: ReadonlySet<string>;
}

/** Keeps every column as it is. */
export const NO_RULES: ColumnRules = { leaveOut: new Set(), mask: new Set() };

const MASKED = JSON.stringify('***');

/** The row, JSON text, as the log holds it. Values that stay are not read: they are the text that they were. */
export function applyMask(row: string, { leaveOut, mask }: ColumnRules): string {
  if (row === 'null' || (leaveOut.size === 0 && mask.size === 0)) return row;
  const members = jsonMembers(row);
  if (!members) throw new RangeError('a row names a column twice');
  const kept = [...members]
    .filter(([name]) => !leaveOut.has(name))
    .map(([name, json]) => `${JSON.stringify(name)}:${mask.has(name) && json !== 'null' ? MASKED : json}`);
  return `{${kept.join(',')}}`;
}
