import type { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { parkedBehind } from './parked-behind.js';

const AT_ONCE = 200;
/** An operator decides the same way for ten thousand and for more. */
export const MAX_COUNTED = 10_000;

/**
 * How many later changes are parked behind these jobs: each waits, as BullMQ's parent, for the one before it.
 * Stops counting at MAX_COUNTED.
 */
export async function countParked(redis: Redis, queue: Queue, ids: readonly string[]): Promise<number> {
  // A change that moves its row between two ordering values waits for two jobs.
  const parked = new Set<string>();
  for (let start = 0; start < ids.length && parked.size < MAX_COUNTED; start += AT_ONCE) {
    const page = ids.slice(start, start + AT_ONCE);
    const found = await Promise.all(page.map(id => parkedBehind(redis, queue, id, MAX_COUNTED)));
    for (const behind of found) for (const id of behind) parked.add(id);
  }
  return Math.min(parked.size, MAX_COUNTED);
}
