import { qualifiedName, WalmqError } from '@walmq/change';
import type { TableFacts } from '../read/tables.js';
import type { SetupTable } from './step.js';

/**
 * The first server that refuses UPDATE and DELETE on a published table whose replica identity holds a generated column
 * that is not published: with FULL, every one. Before, such columns were merely left out.
 */
const GENERATED_REFUSED = 180_000;

/** STORED ones can be published; for VIRTUAL ones there is no way but a smaller identity. */
export function refusesFull({ generated }: Pick<TableFacts, 'generated'>, serverVersion: number): boolean {
  return serverVersion >= GENERATED_REFUSED && generated.virtual;
}

/** True when the publication has to publish the table's STORED generated columns, or its UPDATEs fail. */
export function needsGenerated({ generated }: Pick<TableFacts, 'generated'>, serverVersion: number): boolean {
  return serverVersion >= GENERATED_REFUSED && generated.stored;
}

/** What set-up makes of a table's replica identity. Throws SETUP_TABLE_GENERATED where none is possible. */
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
 * True when the identity that a table has is enough, less than FULL: where nobody asks for old rows, FULL would but write
 * every row that is deleted to the WAL once more. It needs one all the same: without, UPDATE and DELETE fail.
 */
export function needsNoMore({ newRowsOnly = false }: SetupTable, table: TableFacts): boolean {
  return (
    newRowsOnly &&
    [table, ...table.partitions].every(
      ({ identity }) => identity === 'index' || (identity === 'default' && table.primaryKey.length > 0),
    )
  );
}
