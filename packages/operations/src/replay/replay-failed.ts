import { ErrorCode, type Job, type Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { readJobs } from '../failures/read-failed.js';
import { stopped } from './stopped.js';

const AT_ONCE = 50;

/** What became of the jobs to replay. */
export interface Replayed {
  /** Ids of the jobs that run again. */
  readonly replayed: readonly string[];
  /** Jobs that were no longer failed at their turn: somebody else retried or removed them. */
  readonly gone: number;
  /** Jobs that were not reached before the signal. */
  readonly left: number;
}

/** Which failed jobs to replay. */
export interface ReplayOptions {
  readonly redis: Redis;
  readonly queue: Queue;
  /** Failed jobs, in the order of the stream: see failedIds. */
  readonly ids: readonly string[];
  /** Called after each page, with how many are done. */
  readonly onProgress?: (done: number) => void;
  /** Stops between two pages; the remaining jobs stay failed. */
  readonly signal?: AbortSignal;
}

/**
 * Retries failed changes in the order of the stream, each with all its attempts. A key has at most one failed
 * change, and the changes parked behind it run when it has completed, so no key is reordered. Rejects with
 * REPLAY_STOPPED; another call continues with the jobs that are still failed.
 */
export async function replayFailed(options: ReplayOptions): Promise<Replayed> {
  const { redis, queue, ids, onProgress, signal } = options;
  const replayed: string[] = [];
  let seen = 0;
  try {
    while (seen < ids.length && !signal?.aborted) {
      const page = ids.slice(seen, seen + AT_ONCE);
      // One connection sends them in this order, so Redis runs them in this order.
      const jobs = await readJobs(queue, page);
      const retried = await Promise.all(jobs.map(job => retry(redis, queue, job)));
      for (const [index, job] of jobs.entries()) if (retried[index]) replayed.push(job.id as string);
      seen += page.length;
      onProgress?.(seen);
    }
  } catch (cause) {
    throw stopped(redis, `${seen} of ${ids.length} failed changes of queue ${queue.name} handled`, cause);
  }
  return { replayed, gone: seen - replayed.length, left: ids.length - seen };
}

/** False if the job is no longer failed: BullMQ checks and moves it in one step. */
async function retry(redis: Redis, queue: Queue, job: Job): Promise<boolean> {
  try {
    await job.retry('failed', { resetAttemptsMade: true, resetAttemptsStarted: true });
  } catch (error) {
    const { code } = error as { readonly code?: unknown };
    if (code === ErrorCode.JobNotExist || code === ErrorCode.JobNotInState) return false;
    throw error;
  }
  // BullMQ does not reset the count of stalls: without this, a job that failed for its stalls would fail
  // again at the first one.
  if (job.stalledCounter > 0) await redis.hdel(queue.toKey(job.id as string), 'stc');
  return true;
}
