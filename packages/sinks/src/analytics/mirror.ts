import { type Change, type Row, tableName } from '@walmq/change';
import { giveUp } from '@walmq/worker';
import type { Columns, Projection } from './fact.js';

/** Which columns of a table become facts, and where they go. */
export interface MirrorOptions {
  /** The table for the facts. */
  readonly into: string;
  /** The columns that identify a row. */
  readonly key: readonly string[];
  /** The other columns to keep. */
  readonly columns: readonly string[];
}

/** One fact per row, with its current values. A truncate carries no rows and changes no fact. */
export function mirror({ into, key, columns }: MirrorOptions): Projection {
  return change => {
    const row = change.after ?? (change.op === 'delete' ? change.before : null);
    if (row === null) return undefined;
    const pick = (names: readonly string[]) => pickColumns(change, row, names);
    return { table: into, key: pick(key), values: change.after === null ? null : pick(columns) };
  };
}

function pickColumns(change: Change, row: Row, names: readonly string[]): Columns {
  return Object.fromEntries(
    names.map(name => {
      // PostgreSQL does not send an unchanged TOASTed value; the whole old row has it.
      const value = row[name] ?? (change.unchanged?.includes(name) ? change.before?.[name] : row[name]);
      if (value === undefined)
        throw giveUp(`there is no column ${name} in a change of ${tableName(change)}.`, {
          remedy: 'Correct the projection, or run npx walmq setup, which sees to whole old rows.',
        });
      return [name, value];
    }),
  );
}
