import type { Change } from '@walmq/change';
import type { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import type { QueueStatus } from './pipeline-status.js';

/** How many jobs of each state to look at: no state is sorted by the age of the change. */
const LOOKED_AT = 1000;

/**
 * Seconds since the commit of the oldest change that is neither completed nor failed; null if there is none.
 * Ids sort as the stream does, so the smallest id is the oldest change. `oldestIsLeast`: a state holds more jobs than were
 * looked at.
 */
export async function readOldest(
  redis: Redis,
  queue: Queue,
): Promise<Pick<QueueStatus, 'oldestSeconds' | 'oldestIsLeast'>> {
  const key = (state: string) => queue.toKey(state);
  const found = await Promise.all([
    // The next job to run is at the end; a job that is retried at once goes there too.
    redis.lrange(key('wait'), -LOOKED_AT, -1),
    redis.zrange(key('prioritized'), '0', String(LOOKED_AT - 1)),
    redis.lrange(key('active'), -LOOKED_AT, -1),
    redis.zrange(key('delayed'), '0', String(LOOKED_AT - 1)),
    redis.zrange(key('waiting-children'), '0', String(LOOKED_AT - 1)),
  ]);
  const oldestIsLeast = found.some(({ length }) => length === LOOKED_AT);
  const oldest = found.flat().reduce((least, id) => (least === '' || id < least ? id : least), '');
  if (oldest === '') return { oldestSeconds: null, oldestIsLeast: false };
  const data = await redis.hget(key(oldest), 'data');
  // It was completed and removed meanwhile; the next look finds the next one.
  const { tx } = JSON.parse(data ?? '{}') as Partial<Change>;
  return {
    oldestSeconds: tx === undefined ? null : Math.max(0, (Date.now() - Date.parse(tx.committedAt)) / 1000),
    oldestIsLeast,
  };
}
