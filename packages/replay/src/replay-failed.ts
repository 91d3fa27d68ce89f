import type { Queue } from 'bullmq';

export interface Replayed {
  readonly replayed: readonly string[];
  /** No longer failed when their turn came: somebody else has retried or removed them. */
  readonly gone: number;
  /** Not reached, since it was told to stop. */
  readonly left: number;
}

export interface ReplayOptions {
  readonly queue: Queue;
  /** Failed jobs, in the order of the stream: see failedIds. */
  readonly ids: readonly string[];
  /** Called after each, with how many are done. */
  readonly onProgress?: (done: number) => void;
  /** Stops between two of them: what is left stays failed. */
  readonly signal?: AbortSignal;
}

/**
 * Runs failed changes again, in the order of the stream, each with all its attempts. A key has one failed change at
 * most, and what is parked behind it runs once it has completed: so no key is reordered.
 */
export async function replayFailed({ queue, ids, onProgress, signal }: ReplayOptions): Promise<Replayed> {
  const replayed: string[] = [];
  let seen = 0;
  for (const id of ids) {
    if (signal?.aborted) break;
    if (await replayOne(queue, id)) replayed.push(id);
    seen += 1;
    onProgress?.(seen);
  }
  return { replayed, gone: seen - replayed.length, left: ids.length - seen };
}

/** False when it is no longer failed. */
async function replayOne(queue: Queue, id: string): Promise<boolean> {
  const job = await queue.getJob(id);
  if (!job || (await job.getState()) !== 'failed') return false;
  return await job.retry('failed', { resetAttemptsMade: true, resetAttemptsStarted: true }).then(
    () => true,
    async (error: unknown) => {
      // Between the look and the retry somebody else was faster.
      if ((await queue.getJobState(id)) === 'failed') throw error;
      return false;
    },
  );
}
