import { qualifiedName, sqlTable, WalmqError } from '@walmq/change';
import { type ClientBase, escapeIdentifier, escapeLiteral } from 'pg';
import { readSlot } from './slot.js';
import { foreignKind } from './slot-verdict.js';

/** One thing that goes, as an imperative ("drop slot ..."), and the SQL that does it; run twice it does no harm. */
export interface TeardownStep {
  readonly what: string;
  readonly sql: string;
}

/**
 * What set-up has put into a database, and what takes it out again: the slot first, since it is what costs; then
 * replica identities, while the publication still tells which tables they are of. Empty: nothing is left.
 * Throws SLOT_BUSY while a capture reads the slot, and AUDIT_LOG_HELD while the schema holds an audit log with rows.
 */
export async function planTeardown(
  client: ClientBase,
  { slot, publication }: { slot: string; publication: string },
): Promise<TeardownStep[]> {
  const named = await readSlot(client, slot);
  // Slots belong to the whole server: what has the name and is not ours stays.
  const found = named && foreignKind(named, await currentDatabase(client)) === undefined ? named : undefined;
  if (found?.active)
    throw new WalmqError('SLOT_BUSY', `a capture is reading slot "${slot}".`, { remedy: 'Stop it first.' });
  // A record, not a part of the machinery: nobody is to lose it by the way.
  if (await holdsAuditLog(client))
    throw new WalmqError('AUDIT_LOG_HELD', 'schema walmq holds an audit log with rows in it.', {
      remedy:
        "Keep a copy (pg_dump --table 'walmq.audit*'), then DROP TABLE walmq.audit CASCADE, then run it again.",
    });
  return [
    ...(found
      ? [{ what: `drop slot "${slot}"`, sql: `SELECT pg_drop_replication_slot(${escapeLiteral(slot)});` }]
      : []),
    ...(await fullIdentities(client, publication)).map(relation => ({
      what: `set REPLICA IDENTITY DEFAULT on ${qualifiedName(relation)}`,
      sql: `ALTER TABLE ${sqlTable(relation)} REPLICA IDENTITY DEFAULT;`,
    })),
    ...((await exists(client, 'SELECT FROM pg_publication WHERE pubname = $1', publication))
      ? [
          {
            what: `drop publication "${publication}"`,
            sql: `DROP PUBLICATION ${escapeIdentifier(publication)};`,
          },
        ]
      : []),
    ...((await exists(client, 'SELECT FROM pg_namespace WHERE nspname = $1', 'walmq'))
      ? [{ what: 'drop schema walmq with its tables', sql: 'DROP SCHEMA walmq CASCADE;' }]
      : []),
  ];
}

/** Rejects with TEARDOWN_FAILED. Bounded as set-up is: a table's lock makes everyone who comes later wait as well. */
export async function runTeardownStep(client: ClientBase, { what, sql }: TeardownStep): Promise<void> {
  try {
    await client.query(`SET lock_timeout = '10s'`);
    await client.query(sql);
  } catch (cause) {
    throw new WalmqError('TEARDOWN_FAILED', `could not ${what}: ${(cause as Error).message}.`, {
      remedy: 'Mend that, as a role that may, and run it again: it goes on where it stopped.',
      cause,
    });
  }
}

/** Published tables and their partitions whose old rows are logged as a whole. */
async function fullIdentities(
  client: ClientBase,
  publication: string,
): Promise<{ schema: string; table: string }[]> {
  const { rows } = await client.query<{ schema: string; table: string }>(
    `SELECT DISTINCT space.nspname AS schema, member.relname AS table
       FROM pg_publication_tables published
       JOIN pg_namespace n ON n.nspname = published.schemaname
       JOIN pg_class root ON root.relnamespace = n.oid AND root.relname = published.tablename
       JOIN pg_class member ON member.oid = root.oid OR member.oid IN (SELECT relid FROM pg_partition_tree(root.oid))
       JOIN pg_namespace space ON space.oid = member.relnamespace
      WHERE published.pubname = $1 AND member.relreplident = 'f' ORDER BY 1, 2`,
    [publication],
  );
  return rows;
}

async function currentDatabase(client: ClientBase): Promise<string> {
  const { rows } = await client.query<{ name: string }>('SELECT current_database() AS name');
  return rows[0]?.name as string;
}

async function holdsAuditLog(client: ClientBase): Promise<boolean> {
  if (!(await exists(client, 'SELECT WHERE to_regclass($1) IS NOT NULL', 'walmq.audit'))) return false;
  return (await client.query('SELECT FROM walmq.audit LIMIT 1')).rows.length > 0;
}

async function exists(client: ClientBase, query: string, name: string): Promise<boolean> {
  return (await client.query(query, [name])).rows.length > 0;
}
