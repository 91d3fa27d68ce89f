import { ErrorCode, type Job, type Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { readJobs } from './read-failed.js';
import { stopped } from './stopped.js';

const AT_ONCE = 50;

export interface Replayed {
  readonly replayed: readonly string[];
  /** No longer failed when their turn came: somebody else has retried or removed them. */
  readonly gone: number;
  /** Not reached, since it was told to stop. */
  readonly left: number;
}

export interface ReplayOptions {
  readonly redis: Redis;
  readonly queue: Queue;
  /** Failed jobs, in the order of the stream: see failedIds. */
  readonly ids: readonly string[];
  /** Called after each page, with how many are done. */
  readonly onProgress?: (done: number) => void;
  /** Stops between two pages: what is left stays failed. */
  readonly signal?: AbortSignal;
}

/**
 * Runs failed changes again, in the order of the stream, each with all its attempts. A key has one failed change at
 * most, and what is parked behind it runs once it has completed: so no key is reordered. Rejects with REPLAY_STOPPED;
 * run again, it goes on with what is still failed.
 */
export async function replayFailed(options: ReplayOptions): Promise<Replayed> {
  const { redis, queue, ids, onProgress, signal } = options;
  const replayed: string[] = [];
  let seen = 0;
  try {
    while (seen < ids.length && !signal?.aborted) {
      const page = ids.slice(seen, seen + AT_ONCE);
      // Sent in this order on one connection, so taken by Redis in this order.
      const jobs = await readJobs(queue, page);
      const retried = await Promise.all(jobs.map(job => retry(redis, queue, job)));
      for (const [index, job] of jobs.entries()) if (retried[index]) replayed.push(job.id as string);
      seen += page.length;
      onProgress?.(seen);
    }
  } catch (cause) {
    throw stopped(redis, `${seen} of ${ids.length} failed changes of queue ${queue.name} seen to`, cause);
  }
  return { replayed, gone: seen - replayed.length, left: ids.length - seen };
}

/** False when it is no longer failed: BullMQ looks and moves it in one step. */
async function retry(redis: Redis, queue: Queue, job: Job): Promise<boolean> {
  try {
    await job.retry('failed', { resetAttemptsMade: true, resetAttemptsStarted: true });
  } catch (error) {
    const { code } = error as { readonly code?: unknown };
    if (code === ErrorCode.JobNotExist || code === ErrorCode.JobNotInState) return false;
    throw error;
  }
  // BullMQ goes on counting stalls: one that failed for them would fail again at the first.
  if (job.stalledCounter > 0) await redis.hdel(queue.toKey(job.id as string), 'stc');
  return true;
}
