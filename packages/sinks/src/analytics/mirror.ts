import { type Change, type Row, tableName } from '@walmq/change';
import { giveUp } from '@walmq/worker';
import type { Columns, Projection } from './fact.js';

export interface MirrorOptions {
  /** Where the facts go. */
  readonly into: string;
  /** The columns a row is known by. */
  readonly key: readonly string[];
  /** The other columns that are kept. */
  readonly columns: readonly string[];
}

/** A fact for every row, as it is now. A truncate carries no rows and changes no fact. */
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
      // PostgreSQL does not send a long value that did not change; the whole old row has it.
      const value = row[name] ?? (change.unchanged?.includes(name) ? change.before?.[name] : row[name]);
      if (value === undefined)
        throw giveUp(`there is no column ${name} in a change of ${tableName(change)}.`, {
          remedy: 'Correct the projection, or run npx walmq setup, which sees to whole old rows.',
        });
      return [name, value];
    }),
  );
}
