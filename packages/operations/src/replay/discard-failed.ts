import type { Job, Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { readJobs } from '../failures/read-failed.js';
import { removeFailed } from './remove-failed.js';
import { stopped } from './stopped.js';

const AT_ONCE = 100;

/** What became of the jobs to discard. */
export interface Discarded {
  /** Jobs that were written and removed. */
  readonly discarded: number;
  /** Jobs that were no longer failed at their turn. */
  readonly gone: number;
  /** Jobs that were not reached before the signal. */
  readonly left: number;
}

/** Which failed jobs to discard, and where to write them. */
export interface DiscardOptions {
  readonly redis: Redis;
  readonly queue: Queue;
  /** Failed jobs, in the order of the stream: see failedIds. */
  readonly ids: readonly string[];
  /** Gets each job as a line of JSON, and resolves when the lines are on the disk: see createDiscardFile. */
  readonly write: (lines: readonly string[]) => Promise<void>;
  /** Called after each page, with how many are done. */
  readonly onProgress?: (done: number) => void;
  /** Stops between two pages; the remaining jobs stay failed. */
  readonly signal?: AbortSignal;
}

/**
 * Removes failed changes; the later changes of their keys run without them. Writes each change to the file
 * first. A line may be of a change that somebody else retried at that moment; that change still exists.
 * Rejects with REPLAY_STOPPED.
 */
export async function discardFailed(options: DiscardOptions): Promise<Discarded> {
  const { redis, queue, ids, write, onProgress, signal } = options;
  let discarded = 0;
  let seen = 0;
  try {
    while (seen < ids.length && !signal?.aborted) {
      const page = ids.slice(seen, seen + AT_ONCE);
      const jobs = await stillFailed(redis, queue, page);
      // Write to the disk, then remove: in the other order a crash would lose them.
      await write(await Promise.all(jobs.map(job => lineOf(redis, queue, job))));
      discarded += await removeFailed(redis, queue, jobs);
      seen += page.length;
      onProgress?.(seen);
    }
  } catch (cause) {
    const howFar = `${discarded} of ${ids.length} failed changes of queue ${queue.name} discarded`;
    throw stopped(redis, howFar, cause);
  }
  return { discarded, gone: seen - discarded, left: ids.length - seen };
}

async function stillFailed(redis: Redis, queue: Queue, ids: readonly string[]): Promise<Job[]> {
  const scores = await Promise.all(ids.map(id => redis.zscore(queue.toKey('failed'), id)));
  return await readJobs(
    queue,
    ids.filter((_, index) => scores[index] !== null),
  );
}

/** The data as Redis holds it. Parsing and writing it again would round large numbers. */
async function lineOf(redis: Redis, queue: Queue, job: Job): Promise<string> {
  const { id, name, failedReason, stacktrace, attemptsMade, opts, timestamp, processedOn, finishedOn } = job;
  const fields = { queue: queue.name, id, name, failedReason, stacktrace, attemptsMade, opts };
  const times = { timestamp, processedOn, finishedOn };
  const data = (await redis.hget(queue.toKey(id as string), 'data')) ?? 'null';
  return `${JSON.stringify({ ...fields, ...times }).slice(0, -1)},"data":${data}}`;
}
