import { setUp } from '@walmq/setup';
import type { Client } from 'pg';
import { PUBLICATION } from '../cases/bench-config.js';
import type { Case, ThroughputCase, Width } from '../cases/plan.js';
import { createTable, insertRows, tableName } from '../cases/table-shape.js';
import { until } from './until.js';

const WIDTHS: readonly Width[] = ['narrow', 'wide'];

export async function createTables(client: Client): Promise<void> {
  for (const width of WIDTHS) await client.query(createTable(width));
}

export async function emptyTables(client: Client): Promise<void> {
  await client.query(`TRUNCATE ${WIDTHS.map(tableName).join(', ')}`);
}

/** Slot of one run of a case. No name is used twice in a database, because capture recognises slots that it has read. */
export function slotName({ name }: Case, run: number): string {
  return `bench_${name.replaceAll('-', '_')}_${run}`;
}

/** Creates a slot, which holds everything that is committed from now on. */
export async function createSlot(client: Client, slot: string): Promise<void> {
  const tables = WIDTHS.map(width => ({ schema: 'public', table: tableName(width) }));
  await setUp(client, { slot, publication: PUBLICATION, tables });
}

/** Drops a slot once its reader has released it. */
export async function dropSlot(client: Client, slot: string): Promise<void> {
  await until({ what: `release of slot ${slot}`, everyMs: 20, withinMs: 60_000 }, async () => {
    const { rowCount } = await client.query(
      'SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = $1 AND NOT active',
      [slot],
    );
    return rowCount === 1 ? true : undefined;
  });
}

/** Commits a case's transactions. Resolves to the LSN of the end of the WAL, `0/19F2B40`. */
export async function commitBacklog(client: Client, workload: ThroughputCase): Promise<string> {
  const { width, rows, rowsPerTransaction: size } = workload;
  await client.query('SET synchronous_commit = off');
  await client.query(`DO $do$ BEGIN
    FOR n IN 0..${Math.floor(rows / size) - 1} LOOP
      ${insertRows(width, `n * ${size} + 1`, `(n + 1) * ${size}`)};
      COMMIT;
    END LOOP;
  END $do$`);
  // Flushes the WAL, because a walsender only sends WAL that is on disk.
  await client.query('CHECKPOINT');
  const { rows: found } = await client.query<{ lsn: string }>('SELECT pg_current_wal_lsn() AS lsn');
  return found[0]?.lsn as string;
}
