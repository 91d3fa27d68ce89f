import { mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { WalmqError } from '@walmq/change';
import type { Job, Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import type { FailureKind } from './failures.js';
import { failedIds } from './read-failed.js';

const AT_ONCE = 100;

export interface Discarded {
  readonly discarded: number;
  /** No longer failed when their turn came. */
  readonly gone: number;
  /** Where they are kept. */
  readonly file: string;
}

export interface DiscardOptions {
  readonly redis: Redis;
  readonly queue: Queue;
  readonly kind: FailureKind;
  readonly folder: string;
  readonly at?: Date;
}

/**
 * Removes every failed change of one kind; the later changes of their keys run without them. Each is written to a new
 * file in `folder` first, as a line of JSON. Throws DISCARD_NOT_WRITABLE, and then has removed nothing.
 */
export async function discardFailed({
  redis,
  queue,
  kind,
  folder,
  at = new Date(),
}: DiscardOptions): Promise<Discarded> {
  const ids = await failedIds(queue, kind);
  const name = `walmq-discarded-${queue.name}-${at.toISOString().replaceAll(':', '-')}.jsonl`;
  const file = join(folder, name);
  const output = await create(folder, file);
  let discarded = 0;
  try {
    for (let start = 0; start < ids.length; start += AT_ONCE) {
      const jobs = await stillFailed(queue, ids.slice(start, start + AT_ONCE));
      const lines = await Promise.all(jobs.map(job => lineOf(redis, queue, job)));
      await output.writeFile(lines.join(''));
      // Written and on the disk, then removed: the other way round a crash would lose them.
      await output.sync();
      for (const job of jobs) discarded += (await removeFailed(queue, job)) ? 1 : 0;
    }
  } finally {
    await output.close();
  }
  return { discarded, gone: ids.length - discarded, file };
}

async function create(folder: string, file: string) {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    // Rows are in it: for nobody else to read, and never over another file.
    return await open(file, 'wx', 0o600);
  } catch (cause) {
    throw new WalmqError('DISCARD_NOT_WRITABLE', `nothing was discarded: ${(cause as Error).message}.`, {
      remedy: 'Set WALMQ_DASHBOARD_DISCARDED to a folder that the dashboard may write to.',
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
