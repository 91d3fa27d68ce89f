import { Queue } from 'bullmq';
import type { Redis } from 'ioredis';

/** Keeps every worker from the queue's waiting changes, and from those still to come, until somebody resumes it. */
export async function pauseQueue(
  redis: Redis,
  { name, prefix }: { name: string; prefix: string },
): Promise<void> {
  const queue = new Queue(name, { connection: redis, prefix, skipMetasUpdate: true, skipVersionCheck: true });
  queue.on('error', () => undefined); // the command under way carries the same error
  await queue.pause();
}
