import type { QueueConfig } from '@walmq/config';
import type { Redis } from 'ioredis';
import { readCheckpoint } from '../checkpoint/checkpoint.js';
import type { FormerKey } from '../job.js';

/** Field of the checkpoint's hash: first position with ordering keys of this version; `DONE` once no older key is left. */
const SINCE_FIELD = 'orderingKeysSince';
const DONE = 'done';

const SCANNED = 1000;

/**
 * Ordering keys of one queue under which an older version left jobs that may still wait. The older version used a value's
 * JSON as the key, so that `"1"` of a bigint and `1` of an integer were different keys.
 */
export class FormerKeys {
  readonly #keys: ReadonlySet<string>;

  constructor(keys: ReadonlySet<string>) {
    this.#keys = keys;
  }

  /**
   * Returns the keys of a job that had another form in the older version. `named`: the same keys with the JSON texts of
   * their values. `seen` converts a key to its form in Redis.
   */
  of(
    orderingKeys: readonly string[],
    named: readonly string[],
    seen: (key: string) => string,
  ): readonly FormerKey[] {
    return named.flatMap((text, at) => {
      // Two spellings of one value are one key in this version.
      const key = orderingKeys[Math.min(at, orderingKeys.length - 1)] as string;
      return [...spellings(text)]
        .map(seen)
        .filter(former => former !== key && this.#keys.has(former))
        .map(former => ({ key, former }));
    });
  }
}

const NUMBER_MEMBER = /(^|,|\s)(-?\d+)(?=,|$)/g;
const QUOTED_NUMBER_MEMBER = /(^|,|\s)"(-?\d+)"(?=,|$)/g;

/** The key itself, and its spellings with integers as bigints and bigints as integers. */
function spellings(former: string): Set<string> {
  return new Set([
    former,
    former.replace(NUMBER_MEMBER, '$1"$2"'),
    former.replace(QUOTED_NUMBER_MEMBER, '$1$2'),
  ]);
}

/**
 * Reads the keys that an older version left in a shard, by the queue's number. A queue without such keys has no entry.
 * Jobs up to the position of this version's first start are from the older version.
 */
export async function readFormerKeys(
  redis: Redis,
  { checkpointKey, queues, shard }: { checkpointKey: string; queues: readonly QueueConfig[]; shard: number },
): Promise<ReadonlyMap<number, FormerKeys>> {
  const noted = await redis.hget(checkpointKey, SINCE_FIELD);
  if (noted === DONE) return new Map();
  const since = noted ?? (await readCheckpoint(redis, checkpointKey)) ?? '';
  const found = new Map<number, FormerKeys>();
  for (const [place, queue] of queues.entries()) {
    if (queue.shard !== shard) continue;
    const keys = await readOlder(redis, `${queue.prefix}:${queue.name}:walmq:last`, since);
    if (keys.size > 0) found.set(place, new FormerKeys(keys));
  }
  await redis.hset(checkpointKey, SINCE_FIELD, found.size > 0 ? since : DONE);
  return found;
}

/** Reads the keys whose last job was added at or before a position. A job's id begins with its position. */
async function readOlder(redis: Redis, last: string, since: string): Promise<Set<string>> {
  const keys = new Set<string>();
  let cursor = '0';
  do {
    const [next, pairs] = await redis.hscan(last, cursor, 'COUNT', SCANNED);
    for (let at = 0; at < pairs.length; at += 2)
      if ((pairs[at + 1] as string).slice(0, since.length) <= since) keys.add(pairs[at] as string);
    cursor = next;
  } while (cursor !== '0');
  return keys;
}
