import type { Moment, TableMemory } from '@walmq/operations';
import { publicationMissing } from '@walmq/replication';
import { readPublication, readServer, readTables, type SetupTable } from '@walmq/setup';
import type { Client } from 'pg';
import { newlyAttached, type TablesSnapshot } from './compare.js';

/** Looks at publication and tables in one snapshot. Rejects with PUBLICATION_MISSING. */
export async function readSnapshot(
  client: Client,
  { publication: name, wanted }: { readonly publication: string; readonly wanted: readonly SetupTable[] },
  before: TableMemory,
): Promise<TablesSnapshot> {
  const began = await readMoment(client);
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  try {
    const { version } = await readServer(client);
    const publication = await readPublication(client, name, version);
    // Checked here because the stream does not tell: PostgreSQL 18 goes on without a publication, with a warning that can be turned off.
    if (!publication) throw publicationMissing(`publication "${name}" does not exist`);
    const found = await readTables(client, wanted);
    const filled = await withRows(client, newlyAttached(before, found));
    const tables = wanted.map((table, index) => ({ wanted: table, found: found[index] }));
    return { publication, tables, filled, began, ended: await readMoment(client) };
  } finally {
    await client.query('ROLLBACK').catch(() => undefined);
  }
}

async function readMoment(client: Client): Promise<Moment> {
  const { rows } = await client.query<{ lsn: string }>('SELECT pg_current_wal_lsn()::text AS lsn');
  return { at: new Date().toISOString(), lsn: rows[0]?.lsn as string };
}

async function withRows(client: Client, oids: readonly number[]): Promise<Set<number>> {
  if (oids.length === 0) return new Set();
  const { rows } = await client.query<{ oid: number }>(
    `SELECT oid::int8::float8 AS oid FROM pg_class WHERE oid = ANY ($1::oid[]) AND (relkind <> 'r' OR pg_relation_size(oid) > 0)`,
    [oids],
  );
  return new Set(rows.map(({ oid }) => oid));
}
