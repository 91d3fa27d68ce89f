import type { Job, Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { countParked } from './count-parked.js';
import { FailureGroups, type FailureReport } from './failures.js';
import { type FailedFilter, matches, mayMatch } from './filter.js';
import { scanFailed } from './scan-failed.js';

/** Which failed jobs of a queue to read. Default: all. */
export interface FailedOptions {
  readonly redis: Redis;
  readonly queue: Queue;
  readonly filter?: FailedFilter;
}

/**
 * The failed jobs of a queue that match, newest first. Reads one page at a time, so that many thousands do
 * not fill memory.
 */
export async function* failedJobs({ redis, queue, filter = {} }: FailedOptions): AsyncGenerator<Job> {
  const { failedFromMs: fromMs, failedToMs: toMs } = filter;
  for await (const ids of scanFailed({ redis, queue, fromMs, toMs })) {
    const candidates = ids.filter(id => mayMatch(filter, id));
    for (const job of await readJobs(queue, candidates)) if (matches(filter, queue.name, job)) yield job;
  }
}

/** A job that was removed between listing and reading no longer exists. That is not an error. */
export async function readJobs(queue: Queue, ids: readonly string[]): Promise<Job[]> {
  const jobs = await Promise.all(ids.map(async id => (await queue.getJob(id)) as Job | undefined));
  return jobs.filter(job => job !== undefined);
}

export interface FailuresOptions {
  readonly redis: Redis;
  readonly queues: readonly Queue[];
  readonly filter?: FailedFilter;
  /** Limit per queue, newest first. The report says when there are more. */
  readonly maxListed?: number;
  /** Counts the changes parked behind each group too, at the cost of more commands. */
  readonly withParked?: boolean;
}

/** What failed, by queue, table and reason. */
export async function readFailures(options: FailuresOptions): Promise<FailureReport> {
  const { redis, queues, filter = {}, maxListed = Number.POSITIVE_INFINITY, withParked = false } = options;
  const groups = new FailureGroups();
  let isPartial = false;
  for (const queue of queues) {
    const idsOf = new Map<string, string[]>();
    let listed = 0;
    for await (const job of failedJobs({ redis, queue, filter })) {
      listed += 1;
      if (listed > maxListed) {
        isPartial = true;
        break;
      }
      const group = groups.add(queue.name, job);
      const ids = idsOf.get(group);
      if (ids) ids.push(job.id as string);
      else if (withParked) idsOf.set(group, [job.id as string]);
    }
    for (const [group, ids] of idsOf) groups.park(group, await countParked(redis, queue, ids));
  }
  return groups.report(isPartial);
}

/** Ids of the matching failed jobs, in the order of the stream: job ids sort that way. */
export async function failedIds(options: FailedOptions): Promise<string[]> {
  const ids = new Set<string>();
  for await (const job of failedJobs(options)) ids.add(job.id as string);
  return [...ids].sort();
}
