import type { Queue } from 'bullmq';
import type { Redis } from 'ioredis';

/** The failed job that a parked one waits for in the end; undefined when all that it waits for is still to run. */
export async function blockedBy(redis: Redis, queue: Queue, parkedId: string): Promise<string | undefined> {
  const base = queue.toKey('');
  // Grows while it is walked through: from a job to those that it waits for.
  const seen = new Set([parkedId]);
  for (const id of seen) {
    if ((await redis.zscore(queue.toKey('failed'), id)) !== null) return id;
    for (const key of await redis.smembers(`${queue.toKey(id)}:dependencies`))
      if (key.startsWith(base)) seen.add(key.slice(base.length));
  }
  return undefined;
}
