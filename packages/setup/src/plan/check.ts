import { qualifiedName, sqlTable, type TableName, WalmqError } from '@walmq/change';
import type { Server } from '../read/server.js';
import { type TableFacts, tableMeant, type UnsentMember } from '../read/tables.js';
import type { SetupRoute, SetupTable } from './step.js';

/** Throws DATABASE_IS_STANDBY or SETUP_WAL_LEVEL. */
export function checkServer(server: Server): void {
  if (server.inRecovery)
    throw new WalmqError(
      'DATABASE_IS_STANDBY',
      'this PostgreSQL server is a standby, which accepts no changes.',
      {
        remedy: 'Set DATABASE_URL to its primary.',
      },
    );
  if (server.walLevel === 'logical') return;
  throw new WalmqError('SETUP_WAL_LEVEL', `wal_level is "${server.walLevel}", not "logical".`, {
    remedy: server.provider.enableLogical,
  });
}

/** Returns the tables if all exist. Throws TABLE_MISSING, TABLE_UNLOGGED or SETUP_TABLE_FOREIGN. */
export function checkTables(
  found: readonly (TableFacts | undefined)[],
  wanted: readonly SetupTable[],
  candidates: readonly TableName[] = [],
): TableFacts[] {
  const missing = wanted.filter((_, index) => !found[index]);
  if (missing.length > 0)
    throw new WalmqError(
      'TABLE_MISSING',
      `no such table: ${missing.map(qualifiedName).join(', ')}.${missing.map(table => tableMeant(table, candidates)).join('')}`,
      {
        remedy: missing.every(({ newRowsOnly }) => newRowsOnly)
          ? 'Run "npx walmq setup --outbox", which makes it.'
          : 'Create it, or take it out of the queues in walmq.config.ts.',
      },
    );
  const tables = found.filter(table => table !== undefined);
  const unlogged = tables.filter(({ logged }) => !logged);
  if (unlogged.length > 0)
    throw new WalmqError(
      'TABLE_UNLOGGED',
      `PostgreSQL writes no WAL for an unlogged table: ${unlogged.map(qualifiedName).join(', ')}.`,
      {
        remedy: `Run ${unlogged.map(setLogged).join(' ')} or take it out of the queues in walmq.config.ts.`,
      },
    );
  const unsent = tables.flatMap(table => table.unsent.map(member => ({ ...member, of: table })));
  const [first] = unsent;
  if (first) throw memberUnsent(first, unsent);
  return tables;
}

/** The error about a partition or child whose changes are not in the WAL: its changes would be lost silently. */
function memberUnsent(first: UnsentMember & { of: TableFacts }, all: readonly UnsentMember[]): WalmqError {
  const ofKind = all.filter(({ why }) => why === first.why);
  const names = ofKind.map(qualifiedName).join(', ');
  const member = first.of.partitioned ? 'partition' : 'child';
  if (first.why === 'unlogged')
    return new WalmqError(
      'TABLE_UNLOGGED',
      `PostgreSQL writes no WAL for an unlogged ${member} of ${qualifiedName(first.of)}: ${names}.`,
      {
        remedy: `Run ${ofKind.map(setLogged).join(' ')} or take the table out of the queues in walmq.config.ts.`,
      },
    );
  return new WalmqError(
    'SETUP_TABLE_FOREIGN',
    `the rows of a foreign ${member} of ${qualifiedName(first.of)} are in another server, whose WAL is not read: ${names}.`,
    { remedy: 'Detach it, or take the table out of the queues in walmq.config.ts.' },
  );
}

function setLogged(table: TableName): string {
  return `ALTER TABLE ${sqlTable(table)} SET LOGGED;`;
}

/** Throws COLUMN_MISSING with every queue whose `orderBy` names a column that its table lacks. */
export function checkColumns(tables: readonly TableFacts[], wanted: readonly SetupTable[]): void {
  const missing = wanted.flatMap((table, index) =>
    missingOrderColumns(table, tables[index] as TableFacts).map(
      ({ queue, column }) => `queue "${queue}" is ordered by ${qualifiedName(table)}.${column}`,
    ),
  );
  if (missing.length === 0) return;
  throw new WalmqError(
    'COLUMN_MISSING',
    `${missing.join(', ')}, which is not a column that PostgreSQL sends.`,
    {
      remedy: 'Correct orderBy in walmq.config.ts; a generated column cannot order a queue.',
    },
  );
}

/** Columns that order a queue and that PostgreSQL does not send: missing or generated columns. */
export function missingOrderColumns(
  { routes = [] }: SetupTable,
  { columns }: TableFacts,
): { queue: string; column: string }[] {
  return routes.flatMap(({ queue, orderBy }) =>
    typeof orderBy === 'object' && !columns.includes(orderBy.column)
      ? [{ queue, column: orderBy.column }]
      : [],
  );
}

/** The ordering column with its queue, if the queue takes old rows that lack the column; else an empty list. */
export function uncoveredOrder({ queue, orderBy, operations }: SetupRoute, table: TableFacts): string[] {
  if (typeof orderBy !== 'object' || table.identityColumns.includes(orderBy.column)) return [];
  // Inserts and truncates have no old row.
  if (operations && !operations.has('update') && !operations.has('delete')) return [];
  return [`${orderBy.column}, which orders queue "${queue}"`];
}
