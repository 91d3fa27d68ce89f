import type { Queue } from 'bullmq';
import type { FailureKind } from './failures.js';
import { failedIds } from './read-failed.js';

export interface Replayed {
  readonly replayed: number;
  /** No longer failed when their turn came: somebody else has retried or removed them. */
  readonly gone: number;
}

/** Runs every failed change of one kind again, in the order of the stream, each with all its attempts. */
export async function replayFailed(queue: Queue, kind: FailureKind): Promise<Replayed> {
  let replayed = 0;
  const ids = await failedIds(queue, kind);
  for (const id of ids) {
    const job = await queue.getJob(id);
    if (!job || (await job.getState()) !== 'failed') continue;
    const ran = await job.retry('failed', { resetAttemptsMade: true, resetAttemptsStarted: true }).then(
      () => true,
      async (error: unknown) => {
        // Between the look and the retry somebody else was faster.
        if ((await queue.getJobState(id)) === 'failed') throw error;
        return false;
      },
    );
    if (ran) replayed += 1;
  }
  return { replayed, gone: ids.length - replayed };
}
