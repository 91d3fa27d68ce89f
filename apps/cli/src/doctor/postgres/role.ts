import { messageOf, withoutStop } from '@walmq/change';
import { type DatabaseUrl, ownConnection } from '@walmq/postgres';
import { replicationFailure } from '@walmq/replication';
import { CAPTURE_SCHEMA, type MadeRelation, missingRelations, type Server } from '@walmq/setup';
import { auditSchemaSql } from '@walmq/sinks/audit';
import { changeLogSchemaSql } from '@walmq/sinks/change-log';
import { workerSchemaSql } from '@walmq/worker';
import { Client, type ClientBase, escapeIdentifier } from 'pg';
import { type Check, error, ok, warning } from '../check.js';

/** Privileges of the role of DATABASE_URL. */
export interface RoleFacts {
  readonly role: string;
  /** Reason why the server rejected a replication connection, and the remedy. Undefined if the connection was opened. */
  readonly refusal: Refusal | undefined;
  readonly missing: readonly MadeRelation[];
  /** Optional parts that have a queue in the configuration and whose tables are missing. */
  readonly partsMissing: readonly OptionalPart[];
  /** Missing privileges on existing tables: "INSERT on walmq.capture". */
  readonly denied: readonly string[];
}

interface Refusal {
  readonly reason: string;
  readonly remedy: string;
  /** True if all connections were in use, so that the test says nothing about the privilege. */
  readonly full: boolean;
}

/** An optional part of walmq with its own tables. It is in use if the configuration has a queue of this name. */
interface OptionalPart {
  readonly queue: string;
  readonly option: string;
  readonly sql: string;
}

const OPTIONAL_PARTS: readonly OptionalPart[] = [
  { queue: 'audit', option: '--audit', sql: auditSchemaSql },
  { queue: 'change-log', option: '--change-log', sql: changeLogSchemaSql },
];

/** Privileges that capture and the worker kit need on walmq's tables. */
const PRIVILEGES: readonly (readonly [table: string, privileges: readonly string[]])[] = [
  ['capture', ['SELECT', 'INSERT', 'UPDATE']],
  ['backfill', ['SELECT', 'INSERT', 'UPDATE']],
  ['operator_log', ['SELECT', 'INSERT', 'UPDATE']],
  ['rewind', ['SELECT']],
  ['rewind_page', ['SELECT']],
  ['inbox', ['SELECT', 'INSERT', 'UPDATE', 'DELETE']],
  ['effects', ['SELECT', 'INSERT', 'UPDATE', 'DELETE']],
];

export interface RoleOptions {
  readonly databaseUrl: DatabaseUrl;
  readonly slot: string;
  readonly queues: readonly string[];
  readonly server: Pick<Server, 'role' | 'provider'>;
}

export async function readRole(
  client: ClientBase,
  { databaseUrl, slot, queues, server }: RoleOptions,
): Promise<RoleFacts> {
  return {
    role: server.role,
    refusal: await refusalOfReplication({ databaseUrl, slot, server }),
    missing: await missingRelations(client, `${CAPTURE_SCHEMA.sql}\n${workerSchemaSql}`),
    partsMissing: await missingParts(client, queues),
    denied: await deniedPrivileges(client),
  };
}

async function missingParts(client: ClientBase, queues: readonly string[]): Promise<OptionalPart[]> {
  const missing: OptionalPart[] = [];
  for (const part of OPTIONAL_PARTS)
    if (queues.includes(part.queue) && (await missingRelations(client, part.sql)).length > 0)
      missing.push(part);
  return missing;
}

/** SQLSTATE that PostgreSQL returns if no connection is left, also no replication connection. */
const TOO_MANY_CONNECTIONS = '53300';
/** SQLSTATE that PostgreSQL returns if the role may not start a walsender. */
const NO_PRIVILEGE = '42501';

/** Option that pg accepts but does not declare in its types. */
const REPLICATION = { replication: 'database' };

/**
 * Opens a replication connection as capture does. No catalog says whether a role may: on Amazon's servers a membership is enough,
 * which is none on others. And only this test fails if a pooler is between walmq and the server.
 */
async function refusalOfReplication({
  databaseUrl,
  slot,
  server,
}: Omit<RoleOptions, 'queues'>): Promise<Refusal | undefined> {
  const client = new Client({ ...ownConnection({ url: databaseUrl, name: 'walmq doctor' }), ...REPLICATION });
  client.on('error', () => undefined); // the running command rejects with the same error
  try {
    await client.connect();
    await client.query('IDENTIFY_SYSTEM');
    return undefined;
  } catch (cause) {
    const { code } = cause as { code?: string };
    if (code === TOO_MANY_CONNECTIONS)
      return { full: true, reason: messageOf(cause), remedy: 'Make room for one more: see wal-senders.' };
    const reason = withoutStop(messageOf(cause));
    if (code === NO_PRIVILEGE)
      return { full: false, reason, remedy: server.provider.grantReplication(server.role) };
    const failure = replicationFailure(cause, slot);
    return {
      full: false,
      reason: withoutStop(failure.message),
      remedy: failure.remedy ?? 'Check pg_hba.conf, and that DATABASE_URL names the server itself.',
    };
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function deniedPrivileges(client: ClientBase): Promise<string[]> {
  const wanted = PRIVILEGES.flatMap(([table, privileges]) => privileges.map(one => [table, one] as const));
  const { rows } = await client.query<{ denied: string }>(
    `SELECT w.privilege || ' on walmq.' || c.relname AS denied
       FROM unnest($1::text[], $2::text[]) AS w (name, privilege)
       JOIN pg_class c ON c.relname = w.name JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'walmq'
      WHERE NOT (has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, w.privilege))`,
    [wanted.map(([table]) => table), wanted.map(([, privilege]) => privilege)],
  );
  return rows.map(({ denied }) => denied);
}

export function roleChecks(facts: RoleFacts): Check[] {
  return [
    replicationCheck(facts),
    ownTablesCheck(facts),
    ...facts.partsMissing.map(partCheck),
    grantsCheck(facts),
  ];
}

function replicationCheck({ role, refusal }: RoleFacts): Check {
  // A warning only. The check wal-senders decides the severity: while a capture runs, only a standby would lack a sender.
  if (refusal?.full) return warning('replication-role', `not tried: ${refusal.reason}`, refusal.remedy);
  if (refusal !== undefined)
    return error(
      'replication-role',
      `role "${role}" gets no replication connection: ${refusal.reason}`,
      refusal.remedy,
    );
  return ok('replication-role', `role "${role}" opens replication connections`);
}

function ownTablesCheck({ missing }: RoleFacts): Check {
  if (missing.length === 0) return ok('own-tables', "walmq's tables are there");
  const names = missing.map(({ schema, name, kind }) => `${kind} ${schema}.${name}`);
  return error('own-tables', `missing: ${names.join(', ')}`, 'Run "npx walmq setup".');
}

/** A warning only: the queue may belong to a worker of the user's own, which needs no table of walmq. */
function partCheck({ queue, option }: OptionalPart): Check {
  return warning(
    'own-tables',
    `there is a queue "${queue}", but ${queue}-worker's tables are missing`,
    `Run "npx walmq setup ${option}", unless a worker of your own reads that queue.`,
  );
}

function grantsCheck({ role, denied, missing }: RoleFacts): Check {
  const tables = missing.length === 0 ? "walmq's tables" : "what there is of walmq's tables";
  if (denied.length === 0) return ok('grants', `role "${role}" may use ${tables}`);
  const name = escapeIdentifier(role);
  return error(
    'grants',
    `role "${role}" lacks ${denied.join(', ')}`,
    `GRANT USAGE ON SCHEMA walmq TO ${name}; GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA walmq TO ${name};`,
  );
}
