import type { RunOptions } from '../cases/arguments.js';
import { FACTS } from '../cases/contenders.js';
import type { ResultOf, WriterCost } from '../cases/measurement.js';
import type { Entry, WriterCase } from '../cases/plan.js';
import { insertRows } from '../cases/table-shape.js';
import { createSlot, dropSlot, emptyTables, slotName } from '../load/database.js';
import type { Database, Databases } from '../load/servers.js';
import { measureRounds } from './rounds.js';
import { percentile } from './statistics.js';

/** Measures single-row transactions of one connection, while nothing reads or handles their changes. */
export async function measureWriter(
  workload: WriterCase,
  databases: Databases,
  options: RunOptions,
): Promise<ResultOf<WriterCost>[]> {
  return await measureRounds(workload, options, {
    measure: (entry, run) => writeOnce({ workload, entry, run, databases }),
    describe: ({ p50Ms, walBytes }) => `p50 ${p50Ms.toFixed(3)} ms, ${Math.round(walBytes)} bytes of WAL`,
  });
}

async function writeOnce(options: {
  readonly workload: WriterCase;
  readonly entry: Entry;
  readonly run: number;
  readonly databases: Databases;
}): Promise<WriterCost> {
  const { workload, entry, run, databases } = options;
  const { transactions } = workload;
  const database = await databases.of(FACTS[entry.contender].database);
  const slot = slotName(workload, run);
  await emptyTables(database);
  // Without walmq there is a publication as well, from other cases. Only the slot makes the difference.
  const hasSlot = entry.contender !== 'postgres';
  if (hasSlot) await createSlot(database, slot);
  const text = insertRows('narrow', '$1', '$1');
  const tookMs: number[] = [];
  const before = await walBytes(database);
  for (let id = 1; id <= transactions; id++) {
    const startMs = performance.now();
    await database.client.query({ name: 'write', text, values: [id] });
    tookMs.push(performance.now() - startMs);
  }
  const written = (await walBytes(database)) - before;
  if (hasSlot) await dropSlot(database, slot);
  return {
    transactions,
    p50Ms: percentile(tookMs, 0.5),
    p99Ms: percentile(tookMs, 0.99),
    walBytes: written / transactions,
  };
}

async function walBytes({ client }: Database): Promise<number> {
  const { rows } = await client.query<{ bytes: string }>(
    "SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0') AS bytes",
  );
  return Number(rows[0]?.bytes);
}
