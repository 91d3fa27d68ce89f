import { qualifiedName, sqlIdentifier, sqlTable, type TableName } from '@walmq/change';
import {
  type CoveredTable,
  DEFERRABLE_KEY_REMEDY,
  deferrableKeyText,
  missingOrderColumns,
  needsGenerated,
  needsNoMore,
  type PublicationFacts,
  type PublishedRelation,
  partialMembers,
  queuesWithoutKey,
  type RefusedWrites,
  refusalRemedy,
  refusalText,
  refusesFull,
  type SetupTable,
  type TableFacts,
  tableMeant,
  uncoveredOrder,
} from '@walmq/setup';
import { type Check, error, ok, warning } from '../check.js';
import { refusedUnderFull } from './writes.js';

/** Checks that the tables exist, with complete old rows, with a key, and with the columns that order queues. */
export function tableChecks(
  tables: readonly CoveredTable[],
  {
    version,
    publication,
    published = [],
    candidates = [],
  }: {
    version: number;
    publication: PublicationFacts | undefined;
    /** The tables and their members, with the publications that send them. */
    published?: readonly PublishedRelation[];
    /** Names of all tables, to suggest a name for a missing table. */
    candidates?: readonly TableName[];
  },
): Check[] {
  const there = tables.flatMap(({ wanted, found }) => (found ? [{ wanted, found }] : []));
  return [
    ...orOk(
      tables.flatMap(table => existenceChecks(table, candidates)),
      ok('tables', `all ${tables.length} tables are there`),
    ),
    ...orOk(
      there.flatMap(table => [
        ...identityChecks(table, version, refusedUnderFull(table.found, published, version)),
        ...generatedChecks(table.found, version, publication),
      ]),
      ok('replica-identity', 'old rows come whole: REPLICA IDENTITY FULL'),
    ),
    ...orOk(there.flatMap(keyChecks), ok('primary-key', 'every table ordered by its key has one')),
    ...orOk(there.flatMap(orderChecks), ok('order-column', 'every column that orders a queue is there')),
  ];
}

function orOk(troubles: readonly Check[], allIsWell: Check): readonly Check[] {
  return troubles.length > 0 ? troubles : [allIsWell];
}

function existenceChecks({ wanted, found }: CoveredTable, candidates: readonly TableName[]): Check[] {
  const name = qualifiedName(wanted);
  if (!found)
    return [
      error(
        'tables',
        `there is no table ${name}`,
        `${tableMeant(wanted, candidates)} `.trimStart() +
          (wanted.newRowsOnly
            ? 'Run "npx walmq setup --outbox", which makes it.'
            : 'Create it, or take it out of the queues in walmq.config.ts.'),
      ),
    ];
  if (!found.logged)
    return [
      error(
        'tables',
        `${name} is unlogged: its changes are not in the WAL`,
        `ALTER TABLE ${sqlTable(wanted)} SET LOGGED;`,
      ),
    ];
  return found.unsent.map(member =>
    member.why === 'unlogged'
      ? error(
          'tables',
          `${qualifiedName(member)}, whose rows belong to ${name}, is unlogged: its changes are not in the WAL`,
          `ALTER TABLE ${sqlTable(member)} SET LOGGED;`,
        )
      : error(
          'tables',
          `${qualifiedName(member)}, whose rows belong to ${name}, is a foreign table: its changes are not in the WAL of this server`,
          'Detach it, or take the table out of the queues in walmq.config.ts.',
        ),
  );
}

interface ThereTable {
  readonly wanted: SetupTable;
  readonly found: TableFacts;
}

/** Checks the table, then its partitions, because PostgreSQL logs a row by the identity of its partition. */
function identityChecks(
  { wanted, found }: ThereTable,
  version: number,
  refused: RefusedWrites | undefined,
): Check[] {
  if (needsNoMore(wanted, found)) return [];
  if (
    refused &&
    found.identity !== 'full' &&
    found.identityColumns.length > 0 &&
    !refusesFull(found, version)
  )
    return [keptCheck(wanted, found, refused)];
  if (refusesFull(found, version) && found.identity !== 'full' && found.identityColumns.length > 0)
    return orderOf(wanted, found).length === 0
      ? [
          warning(
            'replica-identity',
            `${qualifiedName(found)} has a VIRTUAL generated column, so that it cannot have REPLICA IDENTITY FULL: handlers see no old values of it`,
            'Make the column STORED, where handlers need them.',
          ),
        ]
      : [identityCheck(wanted, found)].filter(check => check !== undefined);
  return [identityCheck(wanted, found), ...memberChecks({ wanted, found })].filter(
    check => check !== undefined,
  );
}

/** The result for a table on which FULL would make the application's writes fail, so no remedy may set FULL. */
function keptCheck(wanted: SetupTable, table: TableFacts, refused: RefusedWrites): Check {
  const uncovered = orderOf(wanted, table);
  const is = `${qualifiedName(table)} has REPLICA IDENTITY ${table.identity.toUpperCase()}, and FULL would make every UPDATE and DELETE fail, because ${refusalText(refused)}`;
  return uncovered.length > 0
    ? error(
        'replica-identity',
        `${is}: old rows do not carry ${uncovered.join(', ')}`,
        refusalRemedy(refused),
      )
    : warning('replica-identity', `${is}: handlers see no old values`, refusalRemedy(refused));
}

/** PostgreSQL 18 rejects UPDATE and DELETE if the replica identity contains a generated column that is not published. */
function generatedChecks(
  table: TableFacts,
  version: number,
  publication: PublicationFacts | undefined,
): Check[] {
  if (table.identity !== 'full') return [];
  const name = qualifiedName(table);
  const virtual = refusesFull(table, version);
  if (!virtual && (!needsGenerated(table, version) || publication?.generatedColumns !== false)) return [];
  return [
    error(
      'replica-identity',
      `${name} has REPLICA IDENTITY FULL and a ${virtual ? 'VIRTUAL' : 'STORED'} generated column that is not published: every UPDATE and DELETE on it fails`,
      virtual
        ? `Run "npx walmq setup", or ALTER TABLE ${sqlTable(table)} REPLICA IDENTITY DEFAULT;`
        : `Run "npx walmq setup", or ALTER PUBLICATION ${sqlIdentifier(publication?.name ?? '')} SET (publish_generated_columns = stored);`,
    ),
  ];
}

function orderOf({ routes = [] }: SetupTable, table: TableFacts): string[] {
  return routes.flatMap(route => uncoveredOrder(route, table));
}

function identityCheck(wanted: SetupTable, table: TableFacts): Check | undefined {
  if (table.identity === 'full') return undefined;
  const name = qualifiedName(table);
  const remedy = `Run "npx walmq setup", or ALTER TABLE ${sqlTable(table)} REPLICA IDENTITY FULL;`;
  if (table.identityColumns.length === 0)
    return error(
      'replica-identity',
      `${name} has no replica identity: once it is published, every UPDATE and DELETE on it fails`,
      remedy,
    );
  const uncovered = orderOf(wanted, table);
  const is = `${name} has REPLICA IDENTITY ${table.identity.toUpperCase()}`;
  if (uncovered.length > 0)
    return error('replica-identity', `${is}: old rows do not carry ${uncovered.join(', ')}`, remedy);
  return warning(
    'replica-identity',
    `${is}: handlers see no old values, and cannot tell what an UPDATE changed`,
    remedy,
  );
}

function memberChecks(table: ThereTable): Check[] {
  const partial = partialMembers(table);
  if (partial.length === 0) return [];
  const { partitioned, partitions, children } = table.found;
  const all = `${partitions.length + children.length} ${partitioned ? 'partitions' : 'children'}`;
  return [
    error(
      'replica-identity',
      `${partial.length} of ${all} of ${qualifiedName(table.found)} lack REPLICA IDENTITY FULL, which is not inherited: ${partial.map(qualifiedName).join(', ')}`,
      'Run "npx walmq setup" after every new one, or set it where they are made.',
    ),
  ];
}

function keyChecks({ wanted, found }: ThereTable): Check[] {
  if (found.keyDeferrable) return [warning('primary-key', deferrableKeyText(found), DEFERRABLE_KEY_REMEDY)];
  const queues = queuesWithoutKey(wanted, found);
  if (queues.length === 0) return [];
  return [
    warning(
      'primary-key',
      `${qualifiedName(found)} has none: its changes are processed one after the other in ${queues.join(', ')}`,
      'Add a primary key, or set orderBy to a column or to false.',
    ),
  ];
}

function orderChecks({ wanted, found }: ThereTable): Check[] {
  return missingOrderColumns(wanted, found).map(({ queue, column }) =>
    error(
      'order-column',
      `queue "${queue}" is ordered by ${qualifiedName(found)}.${column}, which is no column that PostgreSQL sends`,
      'Correct orderBy in walmq.config.ts; a generated column cannot order a queue.',
    ),
  );
}
