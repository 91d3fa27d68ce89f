import type { Job, Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { countParked } from './count-parked.js';
import { FailureGroups, type FailureReport } from './failures.js';
import { dataMayMatch, type FailedFilter, headMatches, matches, mayMatch, needsData } from './filter.js';
import { type JobHead, readData, readHeads, type StoredJob } from './stored-job.js';
import { walkSet } from './walk-set.js';

/** Which failed jobs of a queue to read. Default: all. */
export interface FailedOptions {
  readonly redis: Redis;
  readonly queue: Queue;
  readonly filter?: FailedFilter;
}

/** The failed jobs of a queue that match, newest first. Holds a few megabytes, whatever the number and size of jobs. */
export async function* failedJobs(options: FailedOptions): AsyncGenerator<StoredJob> {
  const { redis, queue, filter = {} } = options;
  for await (const heads of candidates(options))
    for await (const jobs of readData(redis, queue, heads, dataMayMatch(filter)))
      for (const job of jobs) if (matches(filter, queue.name, job)) yield job;
}

/** Jobs that may match, as far as it shows without their data. */
async function* candidates({ redis, queue, filter = {} }: FailedOptions): AsyncGenerator<JobHead[]> {
  const { failedFromMs: fromMs, failedToMs: toMs } = filter;
  for await (const places of walkSet({ redis, key: queue.toKey('failed'), fromMs, toMs })) {
    const ids = places.map(({ id }) => id).filter(id => mayMatch(filter, id));
    yield (await readHeads(redis, queue, ids)).filter(head => headMatches(filter, head));
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
  /** Limits per queue, newest first: of jobs, and of bytes of their data. The report says when there are more. */
  readonly maxListed?: number;
  readonly maxBytes?: number;
  /** Counts the changes parked behind each group too, at the cost of more commands. */
  readonly withParked?: boolean;
}

/** What failed, by queue, table and reason. */
export async function readFailures(options: FailuresOptions): Promise<FailureReport> {
  const { redis, queues, filter = {}, withParked = false } = options;
  const { maxListed = Number.POSITIVE_INFINITY, maxBytes = Number.POSITIVE_INFINITY } = options;
  const groups = new FailureGroups();
  let isPartial = false;
  for (const queue of queues) {
    const idsOf = new Map<string, string[]>();
    let listed = 0;
    let bytes = 0;
    for await (const job of failedJobs({ redis, queue, filter })) {
      listed += 1;
      bytes += job.dataBytes;
      if (listed > maxListed || (bytes > maxBytes && listed > 1)) {
        isPartial = true;
        break;
      }
      const group = groups.add(queue.name, job);
      const ids = idsOf.get(group);
      if (ids) ids.push(job.id);
      else if (withParked) idsOf.set(group, [job.id]);
    }
    for (const [group, ids] of idsOf) groups.park(group, await countParked(redis, queue, ids));
  }
  return groups.report(isPartial);
}

/** Ids of the matching failed jobs, in the order of the stream: job ids sort that way. */
export async function failedIds(options: FailedOptions): Promise<string[]> {
  const ids = new Set<string>();
  if (needsData(options.filter ?? {})) for await (const { id } of failedJobs(options)) ids.add(id);
  else for await (const heads of candidates(options)) for (const { id } of heads) ids.add(id);
  return [...ids].sort();
}
