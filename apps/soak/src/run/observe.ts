import { setTimeout as delay } from 'node:timers/promises';
import { Connection } from './connection.js';
import type { RedisClient } from './redis-servers.js';

const INTERVAL_MS = 30;

/** Looks at the slot and at the checkpoints all the time. */
export interface Observer {
  /** Number of comparisons. */
  readonly looks: number;
  /** Sentences about the slot being ahead of what Redis holds. */
  readonly faults: readonly string[];
  stop(): Promise<void>;
}

/**
 * Compares what the slot may forget with what Redis holds. The slot is read first: the checkpoint only moves forward, so a
 * checkpoint that is behind an older position of the slot proves that capture confirmed too much. Redis replies after its
 * fsync (appendfsync always), so what it replies is durable.
 */
export function observe(options: {
  readonly client: RedisClient;
  readonly databaseUrl: () => string;
  readonly slot: string;
  readonly shards: number;
}): Observer {
  const { client: redis, databaseUrl, slot, shards } = options;
  let stopping = false;
  let looks = 0;
  let keys: string[] = [];
  const faults: string[] = [];
  const done = run();

  async function run(): Promise<void> {
    const database = new Connection(databaseUrl);
    while (!stopping) {
      try {
        const confirmed = await confirmedOf(database, slot);
        // A shard has its checkpoint from the first start of capture on. Before that the slot stands still.
        if (keys.length < shards)
          keys = (await redis.each(each => each.keys(`*:walmq:checkpoint:*:${slot}`))).flat();
        else if (confirmed !== undefined) {
          looks += 1;
          for (const { key, lsn } of await readCheckpoints(redis, keys))
            if (lsn < confirmed)
              faults.push(`the slot confirms ${hex(confirmed)}, but ${key} holds ${hex(lsn)}`);
        }
      } catch {
        // A server is away. Nothing can be compared until it is back.
      }
      await delay(INTERVAL_MS);
    }
    database.end();
  }

  return {
    get looks() {
      return looks;
    },
    faults,
    async stop() {
      stopping = true;
      await done;
    },
  };
}

async function confirmedOf(database: Connection, slot: string): Promise<bigint | undefined> {
  const rows = await database.query<{ lsn: string | null }>(
    "SELECT (confirmed_flush_lsn - '0/0')::text AS lsn FROM pg_replication_slots WHERE slot_name = $1",
    [slot],
  );
  const lsn = rows[0]?.lsn;
  return lsn === undefined || lsn === null ? undefined : BigInt(lsn);
}

/** A checkpoint that is gone counts as the very first position. */
async function readCheckpoints(
  { redis }: RedisClient,
  keys: readonly string[],
): Promise<{ key: string; lsn: bigint }[]> {
  const positions = await Promise.all(keys.map(key => redis.hget(key, 'position')));
  return keys.map((key, at) => ({ key, lsn: BigInt(`0x${positions[at]?.slice(0, 16) ?? '0'}`) }));
}

function hex(lsn: bigint): string {
  return lsn.toString(16).toUpperCase();
}
