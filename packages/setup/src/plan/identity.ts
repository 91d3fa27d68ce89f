import { qualifiedName, WalmqError } from '@walmq/change';
import type { TableFacts } from '../read/tables.js';
import type { SetupTable } from './step.js';

/**
 * First version (server_version_num) that rejects UPDATE and DELETE on a published table whose replica identity contains
 * an unpublished generated column. FULL contains every generated column. Older servers leave such columns out.
 */
const GENERATED_REFUSED = 180_000;

/** True if the table has VIRTUAL columns. They cannot be published, so the table needs a smaller identity than FULL. */
export function refusesFull({ generated }: Pick<TableFacts, 'generated'>, serverVersion: number): boolean {
  return serverVersion >= GENERATED_REFUSED && generated.virtual;
}

/** True if UPDATE fails until the publication includes the table's STORED generated columns. */
export function needsGenerated({ generated }: Pick<TableFacts, 'generated'>, serverVersion: number): boolean {
  return serverVersion >= GENERATED_REFUSED && generated.stored;
}

/** The replica identity that set-up gives a table. Throws SETUP_TABLE_GENERATED if none is possible. */
export function identityOf(table: TableFacts, serverVersion: number): 'full' | 'default' {
  if (!refusesFull(table, serverVersion)) return 'full';
  if (table.primaryKey.length > 0) return 'default';
  throw new WalmqError(
    'SETUP_TABLE_GENERATED',
    `${qualifiedName(table)} has a VIRTUAL generated column and no primary key: once it is published, PostgreSQL refuses every UPDATE and DELETE on it.`,
    { remedy: 'Add a primary key, make the column STORED, or take the table out of the queues.' },
  );
}

/**
 * True if the table's present identity is smaller than FULL and is enough. If no queue needs old rows, FULL would only
 * write every deleted row to the WAL again. The table still needs an identity: without one, UPDATE and DELETE fail.
 */
export function needsNoMore({ newRowsOnly = false }: SetupTable, table: TableFacts): boolean {
  return (
    newRowsOnly &&
    [table, ...table.partitions].every(
      ({ identity }) => identity === 'index' || (identity === 'default' && table.primaryKey.length > 0),
    )
  );
}
