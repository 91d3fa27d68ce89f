import { qualifiedName, sqlIdentifier, type TableName, WalmqError } from '@walmq/change';
import {
  countsCapture,
  foreignKind,
  isLost,
  lostCause,
  nameStandbysSql,
  type SynchronousFacts,
} from '@walmq/replication';
import { escapeIdentifier } from 'pg';
import type { SchemaFacts, SetupFacts } from '../read/facts.js';
import { type Pipeline, recordSql } from '../read/record.js';
import type { PublishedRelation } from '../read/refused-writes.js';
import { CAPTURE_SCHEMA } from '../read/schema.js';
import type { Server } from '../read/server.js';
import { membersOf, type TableFacts } from '../read/tables.js';
import { checkColumns, checkServer, checkTables } from './check.js';
import { identitySteps } from './identity-steps.js';
import { generatedSteps, publicationSteps } from './publication-steps.js';
import type { PlanInput, SetupStep, SetupTable } from './step.js';
import { newlyRefused, publishedAfter, writesRefused } from './writes.js';

/** First version (server_version_num) that can synchronize slots to standbys. */
const FAILOVER_SLOTS = 170_000;

/**
 * Returns the steps in the order in which they must run. Throws DATABASE_IS_STANDBY, SETUP_WAL_LEVEL, TABLE_MISSING,
 * TABLE_UNLOGGED, SETUP_TABLE_FOREIGN, COLUMN_MISSING, SETUP_WRITES_REFUSED or SLOT_FOREIGN.
 */
export function stepsOf(facts: SetupFacts, input: PlanInput): SetupStep[] {
  checkServer(facts.server);
  const tables = checkTables(facts.tables, input.tables, facts.candidates);
  checkColumns(tables, input.tables);
  const after = publishedAfter(facts, tables, input);
  checkOthers(facts, tables, after);
  return [
    ...facts.schemas.map(schema => schemaStep(schema, facts.server, input)),
    // Replica identities before the publication, so that PostgreSQL publishes no change without its old row. The
    // publication before the slot, because decoding uses the publication as it was when the change was made.
    ...generatedSteps(facts, tables, input),
    ...tables.flatMap((table, index) =>
      identitySteps(table, input.tables[index] as SetupTable, { facts, after, pipeline: input }),
    ),
    ...keyWarnings(tables, input.tables),
    ...publicationSteps(facts, tables, input),
    slotStep(facts, input),
    ...synchronousWarnings(facts.synchronous),
  ];
}

/** Checks tables of the publication that no queue reads. Throws SETUP_WRITES_REFUSED. */
function checkOthers(
  { published, server }: SetupFacts,
  tables: readonly TableFacts[],
  after: readonly PublishedRelation[],
): void {
  const wanted = new Set(tables.flatMap(table => membersOf(table).map(({ oid }) => oid)));
  const others = after.filter(({ oid }) => !wanted.has(oid));
  const [refused, ...more] = newlyRefused(published, others, server.version);
  if (refused) throw writesRefused([refused, ...more]);
}

/** Creates the tables of one SetupSchema, if any is missing. */
export function schemaStep(
  { what, sql, missing, isNew, within, withinExists }: SchemaFacts,
  { database, role }: Server,
  pipeline: Pipeline,
): SetupStep {
  if (!missing) return { status: 'ok', what };
  const to = `TO ${escapeIdentifier(role)};`;
  return {
    status: 'run',
    what: `create ${what}`,
    sql,
    // Set-up creates capture's tables last and then records the schema.
    ...(isNew && sql === CAPTURE_SCHEMA.sql && { recordAfter: recordSql(pipeline, 'schema') }),
    grant: `Run GRANT CREATE ON DATABASE ${escapeIdentifier(database)} ${to}${within !== undefined && withinExists ? ` ${grantWithin(within, to)}` : ''}`,
    waitsFor: [],
  };
}

/** Every role may use schema public. Since PostgreSQL 15 only its owner may create tables there. */
function grantWithin(schema: string, to: string): string {
  if (schema === 'public') return `GRANT CREATE ON SCHEMA public ${to}`;
  return `GRANT USAGE, CREATE ON SCHEMA ${sqlIdentifier(schema)} ${to}`;
}

function synchronousWarnings(facts: SynchronousFacts): SetupStep[] {
  if (!countsCapture(facts)) return [];
  return [
    {
      status: 'warning',
      what: `synchronous_standby_names is ${facts.names}, which matches every reader of the WAL, capture too`,
      remedy: `Name the standbys: ${nameStandbysSql(facts)}`,
    },
  ];
}

function keyWarnings(tables: readonly TableFacts[], wanted: readonly SetupTable[]): SetupStep[] {
  return tables.flatMap((table, index) => {
    if (table.keyDeferrable)
      return [{ status: 'warning' as const, what: deferrableKeyText(table), remedy: DEFERRABLE_KEY_REMEDY }];
    const queues = queuesWithoutKey(wanted[index] as SetupTable, table);
    if (queues.length === 0) return [];
    return [
      {
        status: 'warning' as const,
        what: `${qualifiedName(table)} has no primary key: its changes are processed one after the other in ${queues.join(', ')}`,
        remedy: 'Add a primary key, or set orderBy to a column or to false.',
      },
    ];
  });
}

/** The warning about a DEFERRABLE primary key and the order of changes. */
export function deferrableKeyText(table: TableName): string {
  return `${qualifiedName(table)} has a DEFERRABLE primary key: where a transaction gives one row's key to another, the insert of the new row comes before the delete of the old one`;
}

export const DEFERRABLE_KEY_REMEDY =
  'Make the primary key NOT DEFERRABLE, or let handlers that mirror rows read the row by its key before they write.';

/** Queues that order by the key of a table without a primary key. All changes of such a table share one order. */
export function queuesWithoutKey({ routes = [] }: SetupTable, { primaryKey }: TableFacts): string[] {
  if (primaryKey.length > 0) return [];
  return routes.filter(({ orderBy }) => orderBy === 'key').map(({ queue }) => `queue "${queue}"`);
}

function slotStep({ server, slot }: SetupFacts, pipeline: Pipeline): SetupStep {
  const name = pipeline.slot;
  if (!slot) {
    // Standbys that synchronize slots keep a copy, so the slot survives a failover.
    const failover = server.version >= FAILOVER_SLOTS ? ', failover => true' : '';
    return {
      status: 'run',
      what: `create slot "${name}"`,
      // Capture can then distinguish the new slot from an earlier slot of this name. A second run does not mark a slot
      // in use as new.
      sql:
        `SELECT pg_create_logical_replication_slot('${name}', 'pgoutput'${failover})\n` +
        ` WHERE NOT EXISTS (SELECT FROM pg_replication_slots WHERE slot_name = '${name}');\n` +
        `UPDATE walmq.capture c SET made_lsn = s.confirmed_flush_lsn FROM pg_replication_slots s\n` +
        ` WHERE c.slot = '${name}' AND s.slot_name = '${name}' AND NOT s.active\n` +
        `   AND NOT EXISTS (SELECT FROM pg_stat_replication_slots WHERE slot_name = '${name}' AND total_txns > 0);`,
      recordAfter: recordSql(pipeline, 'slot'),
      grant: server.provider.grantReplication(server.role),
      waitsFor: 'transactions',
    };
  }
  const foreign = foreignKind(slot, server.database);
  if (foreign !== undefined)
    throw new WalmqError('SLOT_FOREIGN', `slot "${name}" exists, but it is ${foreign}.`, {
      remedy: 'Leave it alone, and set another source.slot in walmq.config.ts.',
    });
  if (isLost(slot))
    return {
      status: 'warning',
      what: `slot "${name}" is lost: ${lostCause(slot)}`,
      remedy: 'Run "npx walmq doctor", which shows the remedy.',
    };
  return { status: 'ok', what: `slot "${name}" exists` };
}
