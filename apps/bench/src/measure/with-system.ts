import type { EmbeddedRedis } from '@walmq/embedded';
import type { ContenderContext } from '../cases/bench-config.js';
import { FACTS } from '../cases/contenders.js';
import type { Entry, Keys, Work } from '../cases/plan.js';
import type { Program } from '../load/program.js';
import { withReader } from '../load/readers.js';
import { type Database, withRedis } from '../load/servers.js';
import { Workers } from '../load/workers.js';
import type { Sides } from './sides.js';

/** A whole contender: its reader and Redis, if it has them, and its workers. */
export interface System extends Sides {
  readonly workers: Workers;
  /** Starts the reader. Contenders with a trigger have none. */
  readonly startReader: () => Promise<Program | undefined>;
}

export interface SystemOptions {
  readonly entry: Entry;
  readonly database: Database;
  readonly slot: string;
  readonly work: Work;
  readonly keys: Keys;
  readonly workers: number;
  readonly changes: number;
  readonly against: string | undefined;
  /** Prepares the new Redis. */
  readonly onRedis?: (redis: EmbeddedRedis) => Promise<void>;
}

/** Starts servers and workers of a contender and runs `act`, which starts the reader when it is time. */
export async function withSystem<T>(options: SystemOptions, act: (system: System) => Promise<T>): Promise<T> {
  const { entry, database, slot, work, keys, changes, against } = options;
  const { contender, durability } = entry;
  const { reader: kind, isForThroughput = false } = FACTS[contender];
  const contextOf = (redisUrl: string): ContenderContext => ({
    databaseUrl: database.url,
    redisUrl,
    slot,
    width: 'narrow',
    durability: durability ?? 'fsync',
    keys,
    changes,
    isForThroughput,
  });
  const workersOf = (context: ContenderContext) => ({
    contender,
    context,
    work,
    count: options.workers,
    against,
  });
  if (kind === null || durability === null)
    return await Workers.with(workersOf(contextOf('')), workers =>
      act({ database, workers, startReader: async () => undefined }),
    );
  return await withRedis({ durability, isForThroughput }, async redis => {
    await options.onRedis?.(redis);
    const context = contextOf(redis.url);
    return await Workers.with(workersOf(context), workers =>
      withReader({ kind, context, against }, async start => {
        const started: Program[] = [];
        const startReader = async () => {
          const reader = await start();
          started.push(reader);
          return reader;
        };
        try {
          return await act({ database, redis, workers, startReader });
        } finally {
          await Promise.all(started.map(reader => reader.stop()));
        }
      }),
    );
  });
}
