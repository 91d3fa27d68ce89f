import type { QueueConfig } from '@walmq/config';
import type { Redis } from 'ioredis';
import { readCheckpoint } from '../checkpoint/checkpoint.js';
import type { FormerKey } from '../job.js';

/** Of the checkpoint's hash: since when ordering keys are what they are now; `DONE` once no older one is left. */
const SINCE_FIELD = 'orderingKeysSince';
const DONE = 'done';

const SCANNED = 1000;

/**
 * Ordering keys of one queue under which an older version put jobs that may still wait. It took a value's JSON for the
 * key, so that a bigint's `"1"` was another one than an integer's `1`.
 */
export class FormerKeys {
  readonly #keys: ReadonlySet<string>;

  constructor(keys: ReadonlySet<string>) {
    this.#keys = keys;
  }

  /**
   * Those of a job's keys that were named otherwise. `named`: the same keys with the JSON texts of their values; `seen`:
   * how a key is seen in Redis.
   */
  of(
    orderingKeys: readonly string[],
    named: readonly string[],
    seen: (key: string) => string,
  ): readonly FormerKey[] {
    return named.flatMap((text, at) => {
      // Two spellings of one value are one key now.
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

/** As it is, and as it was spelt while its integers were bigints or the other way round. */
function spellings(former: string): Set<string> {
  return new Set([
    former,
    former.replace(NUMBER_MEMBER, '$1"$2"'),
    former.replace(QUOTED_NUMBER_MEMBER, '$1$2'),
  ]);
}

/**
 * What an older version has left of a shard, by the queue's place among all; nothing is there for a queue without. The
 * position at which this version first looked tells older jobs from its own.
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

/** Keys whose last job was added up to a position. A job's id begins with its position. */
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
