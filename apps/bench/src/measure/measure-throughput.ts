import type { RunOptions } from '../cases/arguments.js';
import type { Drain, ThroughputResult } from '../cases/measurement.js';
import { type Entry, planRound, type ThroughputCase } from '../cases/plan.js';
import { withContender } from '../load/contender.js';
import { commitBacklog, createSlot, dropSlot, emptyTables, slotName } from '../load/database.js';
import { timeWal } from '../load/read-wal.js';
import { type Database, withRedis } from '../load/servers.js';
import { timeDrain } from './drain.js';

/**
 * Commits the backlog once, after it has created one slot for each run. Each run then reads the whole backlog from its
 * own slot, with an empty Redis.
 */
export async function measureThroughput(
  workload: ThroughputCase,
  database: Database,
  { args, print }: RunOptions,
): Promise<ThroughputResult[]> {
  const entries = planRound('throughput', args.contenders, args.durabilities);
  const runs = Array.from({ length: args.rounds }, () => entries).flat();
  const slotOf = (run: number) => slotName(workload, run);
  await emptyTables(database.client);
  for (const run of runs.keys()) await createSlot(database.client, slotOf(run));
  const endLsn = await commitBacklog(database.client, workload);

  const drains = new Map<Entry, Drain[]>(entries.map(entry => [entry, []]));
  for (const [run, entry] of runs.entries()) {
    const drain = await drainOnce({
      entry,
      workload,
      database,
      slot: slotOf(run),
      endLsn,
      against: args.against,
    });
    await dropSlot(database.client, slotOf(run));
    drains.get(entry)?.push(drain);
    print(
      `  ${workload.name} ${entry.contender} ${entry.durability ?? ''}: ${Math.round(drain.changes / drain.seconds)} changes/s`,
    );
  }
  return entries.map(entry => ({ case: workload.name, ...entry, runs: drains.get(entry) ?? [] }));
}

interface DrainOptions {
  readonly entry: Entry;
  readonly workload: ThroughputCase;
  readonly database: Database;
  readonly slot: string;
  readonly endLsn: string;
  readonly against: string | undefined;
}

async function drainOnce({ entry, workload, database, slot, endLsn, against }: DrainOptions): Promise<Drain> {
  const { contender, durability } = entry;
  const changes = workload.rows;
  if (contender === 'postgres' || durability === null)
    return await timeWal({ databaseUrl: database.url, slot, endLsn, changes });
  return await withRedis(durability, async redisUrl => {
    const context = { databaseUrl: database.url, redisUrl, slot, width: workload.width, durability, changes };
    return await withContender({ contender, context, against }, reader =>
      timeDrain({ redisUrl, changes, reader }),
    );
  });
}
