import type { Json, Row } from '@walmq/change';

/** What of a table's rows does not get into the log. */
export interface ColumnRules {
  /** Columns that it does not hold at all. */
  readonly leaveOut: ReadonlySet<string>;
  /** Columns whose values it does not hold: `MASKED` in their place, null where they are null. */
  readonly mask: ReadonlySet<string>;
}

/** Keeps every column as it is. */
export const NO_RULES: ColumnRules = { leaveOut: new Set(), mask: new Set() };

const MASKED = '***';

/** The row as the log holds it; null where there is none. */
export function applyMask(row: Partial<Row> | null, { leaveOut, mask }: ColumnRules): Row | null {
  if (row === null) return null;
  return Object.fromEntries(
    Object.entries(row)
      .filter((entry): entry is [string, Json] => !leaveOut.has(entry[0]) && entry[1] !== undefined)
      .map(([column, value]) => [column, mask.has(column) && value !== null ? MASKED : value]),
  );
}
