import type { Job, Queue } from 'bullmq';
import { FailureGroups, type FailureKind, type FailureReport, kindId, kindOf } from './failures.js';

const PAGE = 500;
/** Read of one queue for the page; a person looks at reasons, not at so many changes. */
const MAX_LISTED = 5000;

/** The failed jobs of a queue, the newest first, a page at a time: many thousands do not fill memory. */
async function* failedJobs(queue: Queue): AsyncGenerator<Job> {
  for (let start = 0; ; start += PAGE) {
    const page = await queue.getFailed(start, start + PAGE - 1);
    // A job that was removed between the list and the look is gone, not an error.
    for (const job of page) if (job?.id !== undefined) yield job;
    if (page.length < PAGE) return;
  }
}

/** What failed, by queue, table and reason. */
export async function readFailures(queues: readonly Queue[]): Promise<FailureReport> {
  const groups = new FailureGroups();
  let isPartial = false;
  for (const queue of queues) {
    let listed = 0;
    for await (const job of failedJobs(queue)) {
      listed += 1;
      if (listed > MAX_LISTED) {
        isPartial = true;
        break;
      }
      groups.add(queue.name, job);
    }
  }
  return groups.report(isPartial);
}

/** Ids of the failed jobs of one kind, in the order of the stream, by which job ids sort. */
export async function failedIds(queue: Queue, kind: FailureKind): Promise<string[]> {
  const wanted = kindId(kind);
  const ids = new Set<string>();
  for await (const job of failedJobs(queue))
    if (kindId(kindOf(queue.name, job)) === wanted) ids.add(job.id as string);
  return [...ids].sort();
}
