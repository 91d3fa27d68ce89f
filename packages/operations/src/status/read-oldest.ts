import type { Change } from '@walmq/change';
import type { Queue } from 'bullmq';
import type { Redis } from 'ioredis';

/** Where states are not kept by age: how many are looked at. More than this only happens when all of them are new. */
const LOOKED_AT = 1000;

/**
 * Seconds since the commit of the oldest change that is neither completed nor failed; null when there is none. Ids
 * sort as the stream does, so the least of them is the oldest.
 */
export async function readOldestSeconds(redis: Redis, queue: Queue): Promise<number | null> {
  const key = (state: string) => queue.toKey(state);
  const found = await Promise.all([
    // The next to be taken is at the end; a change that is tried again at once goes there too.
    redis.lrange(key('wait'), -LOOKED_AT, -1),
    redis.zrange(key('prioritized'), '0', String(LOOKED_AT - 1)),
    redis.lrange(key('active'), -LOOKED_AT, -1),
    redis.zrange(key('delayed'), '0', String(LOOKED_AT - 1)),
    redis.zrange(key('waiting-children'), '0', String(LOOKED_AT - 1)),
  ]);
  const oldest = found.flat().reduce((least, id) => (least === '' || id < least ? id : least), '');
  if (oldest === '') return null;
  const data = await redis.hget(key(oldest), 'data');
  // Completed and removed in between: the next look finds the next one.
  if (data === null) return null;
  const { tx } = JSON.parse(data) as Partial<Change>;
  return tx === undefined ? null : Math.max(0, (Date.now() - Date.parse(tx.committedAt)) / 1000);
}
