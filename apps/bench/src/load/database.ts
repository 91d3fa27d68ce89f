import { setUp } from '@walmq/setup';
import type { Client } from 'pg';
import { PUBLICATION } from '../cases/bench-config.js';
import type { DatabaseKind } from '../cases/contenders.js';
import type { Backlog, Case, Width } from '../cases/plan.js';
import { createTable, insertRows, tableName } from '../cases/table-shape.js';
import { emptyJobs } from '../peers/triggers.js';
import { until } from './until.js';

/** A connection to a database, and how the database feeds its contenders. */
interface Fed {
  readonly kind: DatabaseKind;
  readonly client: Client;
}

const WIDTHS: readonly Width[] = ['narrow', 'wide'];

export async function createTables(client: Client): Promise<void> {
  for (const width of WIDTHS) await client.query(createTable(width));
}

/** Removes all rows, effects and jobs of earlier runs. */
export async function emptyTables({ kind, client }: Fed): Promise<void> {
  await client.query(`TRUNCATE ${[...WIDTHS.map(tableName), 'made', 'walmq.inbox'].join(', ')}`);
  await emptyJobs(kind, client);
}

/** Slot of one run of a case, unique in the whole benchmark. No name is used twice in a database, because capture recognises slots that it has read. */
export function slotName({ name }: Case, run: number): string {
  return `bench_${name.replaceAll('-', '_')}_${run}`;
}

/** Creates a slot, which holds everything that is committed from now on. */
export async function createSlot({ kind, client }: Fed, slot: string): Promise<void> {
  if (kind === 'outbox')
    await client.query("SELECT pg_create_logical_replication_slot($1, 'pgoutput')", [slot]);
  if (kind !== 'plain') return;
  const tables = WIDTHS.map(width => ({ schema: 'public', table: tableName(width) }));
  await setUp(client, { slot, publication: PUBLICATION, tables });
}

/** Drops a slot once its reader has released it. */
export async function dropSlot({ kind, client }: Fed, slot: string): Promise<void> {
  if (kind === 'graphile' || kind === 'pg-boss') return;
  await until({ what: `release of slot ${slot}`, everyMs: 20, withinMs: 60_000 }, async () => {
    const { rowCount } = await client.query(
      'SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = $1 AND NOT active',
      [slot],
    );
    return rowCount === 1 ? true : undefined;
  });
}

/** Commits a case's transactions. Resolves to the LSN of the end of the WAL, `0/19F2B40`. */
export async function commitBacklog(client: Client, workload: Backlog): Promise<string> {
  const { width, rows, rowsPerTransaction: size, keys } = workload;
  await client.query('SET synchronous_commit = off');
  await client.query(`DO $do$ BEGIN
    FOR n IN 0..${Math.floor(rows / size) - 1} LOOP
      ${insertRows(width, `n * ${size} + 1`, `(n + 1) * ${size}`, keys)};
      COMMIT;
    END LOOP;
  END $do$`);
  await client.query('RESET synchronous_commit');
  // Flushes the WAL, because a walsender only sends WAL that is on disk.
  await client.query('CHECKPOINT');
  const { rows: found } = await client.query<{ lsn: string }>('SELECT pg_current_wal_lsn() AS lsn');
  return found[0]?.lsn as string;
}
