import { Queue } from 'bullmq';
import type { Redis } from 'ioredis';

/** Pauses a queue: workers take no waiting or later changes until the queue is resumed. */
export async function pauseQueue(
  redis: Redis,
  { name, prefix }: { name: string; prefix: string },
): Promise<void> {
  const queue = new Queue(name, { connection: redis, prefix, skipMetasUpdate: true, skipVersionCheck: true });
  queue.on('error', () => undefined); // pause() rejects with the same error
  await queue.pause();
}
