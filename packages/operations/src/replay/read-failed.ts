import type { Job, Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { countParked } from './count-parked.js';
import { FailureGroups, type FailureReport } from './failures.js';
import { type FailedFilter, matches, mayMatch } from './filter.js';
import { scanFailed } from './scan-failed.js';

export interface FailedOptions {
  readonly redis: Redis;
  readonly queue: Queue;
  readonly filter?: FailedFilter;
}

/** The failed jobs of a queue that match, the newest first, a page at a time: many thousands do not fill memory. */
export async function* failedJobs({ redis, queue, filter = {} }: FailedOptions): AsyncGenerator<Job> {
  const { failedFromMs: fromMs, failedToMs: toMs } = filter;
  for await (const ids of scanFailed({ redis, queue, fromMs, toMs })) {
    const candidates = ids.filter(id => mayMatch(filter, id));
    for (const job of await readJobs(queue, candidates)) if (matches(filter, queue.name, job)) yield job;
  }
}

/** A job that was removed between the list and the look is gone, not an error. */
export async function readJobs(queue: Queue, ids: readonly string[]): Promise<Job[]> {
  const jobs = await Promise.all(ids.map(async id => (await queue.getJob(id)) as Job | undefined));
  return jobs.filter(job => job !== undefined);
}

export interface FailuresOptions {
  readonly redis: Redis;
  readonly queues: readonly Queue[];
  readonly filter?: FailedFilter;
  /** At most so many of a queue are looked at, the newest; the report says when there are more. */
  readonly maxListed?: number;
  /** Counts what is parked behind each group too, which asks more of Redis. */
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

/** Ids of the failed jobs that match, in the order of the stream, by which job ids sort. */
export async function failedIds(options: FailedOptions): Promise<string[]> {
  const ids = new Set<string>();
  for await (const job of failedJobs(options)) ids.add(job.id as string);
  return [...ids].sort();
}
