import type { Job, Queue } from 'bullmq';
import { FailureGroups, type FailureReport } from './failures.js';
import { type FailedFilter, matches } from './filter.js';

const PAGE = 500;

/** The failed jobs of a queue that match, the newest first, a page at a time: many thousands do not fill memory. */
export async function* failedJobs(queue: Queue, filter: FailedFilter = {}): AsyncGenerator<Job> {
  for (let start = 0; ; start += PAGE) {
    const page = await queue.getFailed(start, start + PAGE - 1);
    // A job that was removed between the list and the look is gone, not an error.
    for (const job of page) if (job?.id !== undefined && matches(filter, queue.name, job)) yield job;
    if (page.length < PAGE) return;
  }
}

/** What failed, by queue, table and reason. At most `maxListed` of a queue are looked at; the report says so. */
export async function readFailures(
  queues: readonly Queue[],
  { filter = {}, maxListed = Number.POSITIVE_INFINITY }: { filter?: FailedFilter; maxListed?: number } = {},
): Promise<FailureReport> {
  const groups = new FailureGroups();
  let isPartial = false;
  for (const queue of queues) {
    let listed = 0;
    for await (const job of failedJobs(queue, filter)) {
      listed += 1;
      if (listed > maxListed) {
        isPartial = true;
        break;
      }
      groups.add(queue.name, job);
    }
  }
  return groups.report(isPartial);
}

/** Ids of the failed jobs that match, in the order of the stream, by which job ids sort. */
export async function failedIds(queue: Queue, filter: FailedFilter): Promise<string[]> {
  const ids = new Set<string>();
  for await (const job of failedJobs(queue, filter)) ids.add(job.id as string);
  return [...ids].sort();
}
