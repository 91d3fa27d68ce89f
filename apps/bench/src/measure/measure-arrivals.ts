import { Redis } from 'ioredis';
import type { RunOptions } from '../cases/arguments.js';
import { PREFIX, QUEUE } from '../cases/bench-config.js';
import { FACTS } from '../cases/contenders.js';
import type { Drain, ResultOf } from '../cases/measurement.js';
import { type ArrivalCase, type Entry, planRound, planRuns } from '../cases/plan.js';
import { streamName } from '../cases/table-shape.js';
import { commitBacklog, createSlot, dropSlot, emptyTables, slotName } from '../load/database.js';
import { timeWal } from '../load/read-wal.js';
import { withReader } from '../load/readers.js';
import { type Database, type Databases, withRedis } from '../load/servers.js';
import { timeDrain } from './drain.js';
import { measureRounds } from './rounds.js';

/**
 * Measures the way from a backlog to Redis. Commits the backlog once, after it has created one slot for each run. Each
 * run then reads the whole backlog from its own slot, with an empty Redis.
 */
export async function measureArrivals(
  workload: ArrivalCase,
  databases: Databases,
  options: RunOptions,
): Promise<ResultOf<Drain>[]> {
  const { args } = options;
  const runs = planRuns(planRound(workload, args.contenders, args.durabilities), args.rounds);
  const slotOf = (run: number) => slotName(workload, run);
  const database = await databases.of('plain');
  await emptyTables(database);
  for (const run of runs.keys()) await createSlot(database, slotOf(run));
  const endLsn = await commitBacklog(database.client, workload);
  return await measureRounds(workload, options, {
    measure: async (entry, run) => {
      const slot = slotOf(run);
      const drain = await drainOnce({ entry, workload, database, slot, endLsn, against: args.against });
      await dropSlot(database, slot);
      return drain;
    },
    describe: ({ changes, seconds }) => `${Math.round(changes / seconds)} changes/s`,
  });
}

async function drainOnce(options: {
  readonly entry: Entry;
  readonly workload: ArrivalCase;
  readonly database: Database;
  readonly slot: string;
  readonly endLsn: string;
  readonly against: string | undefined;
}): Promise<Drain> {
  const { workload, database, slot, endLsn, against } = options;
  const { contender, durability } = options.entry;
  const { rows: changes, width, keys } = workload;
  const { reader: kind, isForThroughput = false } = FACTS[contender];
  if (kind === null || durability === null)
    return await timeWal({ databaseUrl: database.url, slot, endLsn, changes });
  return await withRedis({ durability, isForThroughput }, async redis => {
    const servers = { databaseUrl: database.url, redisUrl: redis.url };
    const context = { ...servers, slot, width, durability, changes, keys, isForThroughput };
    return await withReader({ kind, context, against }, async start => {
      const asking = new Redis(redis.url, { maxRetriesPerRequest: null });
      const reader = await start();
      try {
        // A poll asks the same Redis server as the jobs, so with appendfsync always the jobs that it sees are on disk.
        const count = () =>
          contender.startsWith('debezium')
            ? asking.xlen(streamName(width))
            : asking.llen(`${PREFIX}:${QUEUE}:wait`);
        return await timeDrain({ changes, sides: { database, redis, reader }, count });
      } finally {
        asking.disconnect();
        await reader.stop();
      }
    });
  });
}
