import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { WalmqError } from '@walmq/change';
import type { Job, Queue } from 'bullmq';
import type { Redis } from 'ioredis';

const AT_ONCE = 100;

export interface Discarded {
  readonly discarded: number;
  /** No longer failed when their turn came. */
  readonly gone: number;
  /** Not reached, since it was told to stop. */
  readonly left: number;
  /** Where they are kept. */
  readonly file: string;
}

export interface DiscardOptions {
  readonly redis: Redis;
  readonly queue: Queue;
  /** Failed jobs, in the order of the stream: see failedIds. */
  readonly ids: readonly string[];
  /** A new file; its folder is made where there is none. */
  readonly file: string;
  /** Called after each page, with how many are done. */
  readonly onProgress?: (done: number) => void;
  /** Stops between two pages: what is left stays failed. */
  readonly signal?: AbortSignal;
}

/**
 * Removes failed changes; the later changes of their keys run without them. Each is written to a new file first, as a
 * line of JSON. Throws DISCARD_NOT_WRITABLE, and then has removed nothing.
 */
export async function discardFailed({
  redis,
  queue,
  ids,
  file,
  onProgress,
  signal,
}: DiscardOptions): Promise<Discarded> {
  const output = await create(file);
  let discarded = 0;
  let seen = 0;
  try {
    for (let start = 0; start < ids.length && !signal?.aborted; start += AT_ONCE) {
      const jobs = await stillFailed(queue, ids.slice(start, start + AT_ONCE));
      const lines = await Promise.all(jobs.map(job => lineOf(redis, queue, job)));
      await output.writeFile(lines.join(''));
      // Written and on the disk, then removed: the other way round a crash would lose them.
      await output.sync();
      for (const job of jobs) discarded += (await removeFailed(queue, job)) ? 1 : 0;
      seen = Math.min(start + AT_ONCE, ids.length);
      onProgress?.(seen);
    }
  } finally {
    await output.close();
  }
  return { discarded, gone: seen - discarded, left: ids.length - seen, file };
}

async function create(file: string) {
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    // Rows are in it: for nobody else to read, and never over another file.
    return await open(file, 'wx', 0o600);
  } catch (cause) {
    throw new WalmqError('DISCARD_NOT_WRITABLE', `nothing was discarded: ${(cause as Error).message}.`, {
      remedy: 'Name a new file, in a folder that this process may write to.',
      cause,
    });
  }
}

async function stillFailed(queue: Queue, ids: readonly string[]): Promise<Job[]> {
  const jobs = await Promise.all(
    ids.map(async id => {
      const job = await queue.getJob(id);
      return job && (await job.getState()) === 'failed' ? [job] : [];
    }),
  );
  return jobs.flat();
}

/** False when somebody has retried it since it was written down: then it stays. */
async function removeFailed(queue: Queue, job: Job): Promise<boolean> {
  if ((await queue.getJobState(job.id as string)) !== 'failed') return false;
  await job.remove();
  return true;
}

/** The data as Redis holds it: parsed and written again, a large number would lose its last digits. */
async function lineOf(redis: Redis, queue: Queue, job: Job): Promise<string> {
  const { id, name, failedReason, stacktrace, attemptsMade, opts, timestamp, processedOn, finishedOn } = job;
  const fields = { queue: queue.name, id, name, failedReason, stacktrace, attemptsMade, opts };
  const times = { timestamp, processedOn, finishedOn };
  const data = (await redis.hget(queue.toKey(id as string), 'data')) ?? 'null';
  return `${JSON.stringify({ ...fields, ...times }).slice(0, -1)},"data":${data}}\n`;
}
