import { WalmqError } from '@walmq/change';
import { type ClientBase, escapeIdentifier } from 'pg';
import { readSlot } from './slot.js';

export interface SetupOptions {
  readonly slot: string;
  readonly publication: string;
  readonly tables: readonly { readonly schema: string; readonly table: string }[];
}

/** One thing that set-up found or did. */
export interface SetupStep {
  readonly what: string;
  /** The statement that was run; undefined when all was well already. */
  readonly sql: string | undefined;
}

const OWN_TABLES_SQL = `CREATE SCHEMA IF NOT EXISTS walmq;
CREATE TABLE IF NOT EXISTS walmq.capture (
  slot text PRIMARY KEY,
  first_lsn pg_lsn NOT NULL,
  started_at timestamptz NOT NULL DEFAULT now()
);`;

/**
 * Prepares a database: own tables, the publication with the configured tables, REPLICA IDENTITY FULL (old values
 * must be right), the slot. Idempotent: does only what is missing, never drops anything. Throws SETUP_... errors
 * before the first change when the database cannot be prepared.
 */
export async function setUp(client: ClientBase, options: SetupOptions): Promise<SetupStep[]> {
  await checkWalLevel(client);
  await checkTables(client, options.tables);
  const steps: SetupStep[] = [];
  const run = async (what: string, sql: string) => {
    await client.query(sql);
    steps.push({ what, sql });
  };
  await run("walmq's own tables", OWN_TABLES_SQL);
  for (const statement of await publicationStatements(client, options))
    await run(`publication "${options.publication}"`, statement);
  for (const table of options.tables) {
    const name = qualified(table);
    if ((await replicaIdentity(client, table)) === 'f')
      steps.push({ what: `${name} has REPLICA IDENTITY FULL`, sql: undefined });
    else await run(`old values of ${name}`, `ALTER TABLE ${name} REPLICA IDENTITY FULL`);
  }
  if (await readSlot(client, options.slot))
    steps.push({ what: `slot "${options.slot}" exists`, sql: undefined });
  else await run(`slot "${options.slot}"`, await slotStatement(client, options.slot));
  return steps;
}

async function checkWalLevel(client: ClientBase): Promise<void> {
  const { rows } = await client.query<{ setting: string }>(
    "SELECT setting FROM pg_settings WHERE name = 'wal_level'",
  );
  if (rows[0]?.setting === 'logical') return;
  throw new WalmqError('SETUP_WAL_LEVEL', `wal_level is "${rows[0]?.setting}", not "logical".`, {
    remedy: 'Run ALTER SYSTEM SET wal_level = logical; and restart PostgreSQL.',
  });
}

async function checkTables(client: ClientBase, tables: SetupOptions['tables']): Promise<void> {
  const missing: string[] = [];
  for (const table of tables) {
    const { rows } = await client.query<{ kind: string }>(
      `SELECT c.relkind AS kind FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind IN ('r', 'p')`,
      [table.schema, table.table],
    );
    if (rows.length === 0) missing.push(`${table.schema}.${table.table}`);
  }
  if (missing.length === 0) return;
  throw new WalmqError('SETUP_TABLE_MISSING', `no such table: ${missing.join(', ')}.`, {
    remedy: 'Create it, or take it out of the queues in walmq.config.ts.',
  });
}

/** Named tables only: FOR ALL TABLES would break UPDATEs on every table without a replica identity. */
async function publicationStatements(
  client: ClientBase,
  { publication, tables }: SetupOptions,
): Promise<string[]> {
  const name = escapeIdentifier(publication);
  const { rows } = await client.query<{ puballtables: boolean }>(
    'SELECT puballtables FROM pg_publication WHERE pubname = $1',
    [publication],
  );
  if (rows.length === 0)
    return [
      `CREATE PUBLICATION ${name} FOR TABLE ${tables.map(qualified).join(', ')} WITH (publish_via_partition_root = true)`,
    ];
  if (rows[0]?.puballtables) return [];
  const published = await client.query<{ name: string }>(
    'SELECT schemaname || $2 || tablename AS name FROM pg_publication_tables WHERE pubname = $1',
    [publication, '.'],
  );
  const present = new Set(published.rows.map(row => row.name));
  return tables
    .filter(table => !present.has(`${table.schema}.${table.table}`))
    .map(table => `ALTER PUBLICATION ${name} ADD TABLE ${qualified(table)}`);
}

async function replicaIdentity(
  client: ClientBase,
  table: { schema: string; table: string },
): Promise<string | undefined> {
  const { rows } = await client.query<{ identity: string }>(
    `SELECT c.relreplident AS identity FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = $1 AND c.relname = $2`,
    [table.schema, table.table],
  );
  return rows[0]?.identity;
}

/** From PostgreSQL 17 on the slot is kept in step on standbys that ask for it, so that it survives a failover. */
async function slotStatement(client: ClientBase, slot: string): Promise<string> {
  const { rows } = await client.query<{ version: number }>(
    "SELECT current_setting('server_version_num')::int AS version",
  );
  const failover = (rows[0]?.version ?? 0) >= 170_000;
  return `SELECT pg_create_logical_replication_slot('${slot}', 'pgoutput'${failover ? ', failover => true' : ''})`;
}

function qualified(table: { schema: string; table: string }): string {
  return `${escapeIdentifier(table.schema)}.${escapeIdentifier(table.table)}`;
}
