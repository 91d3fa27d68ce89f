import type { Queue } from 'bullmq';
import type { Redis } from 'ioredis';

/**
 * The failed job that finally keeps a parked one waiting; undefined if all jobs that it waits for can still
 * run.
 */
export async function blockedBy(redis: Redis, queue: Queue, parkedId: string): Promise<string | undefined> {
  const base = queue.toKey('');
  // The list grows while the loop walks it: from a job to those that it waits for.
  const seen = new Set([parkedId]);
  for (const id of seen) {
    if ((await redis.zscore(queue.toKey('failed'), id)) !== null) return id;
    for (const key of await redis.smembers(`${queue.toKey(id)}:dependencies`))
      if (key.startsWith(base)) seen.add(key.slice(base.length));
  }
  return undefined;
}
