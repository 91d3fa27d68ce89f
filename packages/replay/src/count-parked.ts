import type { Queue } from 'bullmq';
import type { Redis } from 'ioredis';

const AT_ONCE = 500;
/** A person decides the same for ten thousand and for more. */
export const MAX_COUNTED = 10_000;

/**
 * How many later changes are parked behind these jobs: each waits, as BullMQ's parent, for the one before it.
 * Stops counting at MAX_COUNTED.
 */
export async function countParked(redis: Redis, queue: Queue, ids: readonly string[]): Promise<number> {
  const parked = new Set<string>();
  let round = ids.map(id => queue.toKey(id));
  while (round.length > 0 && parked.size < MAX_COUNTED) {
    const parents = await parentsOf(redis, round);
    round = parents.filter(key => !parked.has(key));
    for (const key of round) parked.add(key);
  }
  return Math.min(parked.size, MAX_COUNTED);
}

async function parentsOf(redis: Redis, keys: readonly string[]): Promise<string[]> {
  const parents = new Set<string>();
  for (let start = 0; start < keys.length; start += AT_ONCE) {
    const found = await Promise.all(
      keys.slice(start, start + AT_ONCE).map(key => redis.hget(key, 'parentKey')),
    );
    for (const key of found) if (key) parents.add(key);
  }
  return [...parents];
}
