import type { Change } from '@walmq/change';
import type { QueueConfig } from '@walmq/config';
import type { BatchLimits } from '../define/batch.js';
import { sourceOf } from '../effects/schema.js';
import { committedIn } from '../effects/visible.js';
import { checkShape } from '../run/process-change.js';
import type { RunOptions } from '../run/run-job.js';
import type { BatchTask } from './batch-task.js';
import { Gatherer } from './gatherer.js';
import { type RunBatchOptions, runBatch } from './run-batch.js';

/** Batches in hand at least: one gathers while another one runs. */
const BATCHES_IN_HAND = 2;

/** Changes that a process takes at a time: as many as the queue says, and no less than its batches need. */
export function changesInHand(
  { size }: BatchLimits,
  { concurrency }: Pick<QueueConfig, 'concurrency'>,
): number {
  return Math.max(concurrency, BATCHES_IN_HAND * size);
}

/**
 * Gathers the changes that BullMQ's Worker hands out one by one. The job of each stays BullMQ's: its lock, its retries and its
 * end are those of any job, and the change waits in its processor for its own outcome.
 */
export function inBatches(
  options: RunBatchOptions & {
    readonly config: QueueConfig;
    /** Throws for a change that no handler may see. */
    readonly guard: (change: Change) => void;
  },
): RunOptions['perform'] {
  const { definition, config, guard } = options;
  const gatherer = () =>
    new Gatherer<BatchTask>({
      ...definition,
      atOnce: Math.max(1, Math.floor(changesInHand(definition, config) / definition.size)),
      run: batch => runBatch(batch, options),
    });
  const fresh = gatherer();
  // Apart from the others, so that a change which fails at every try splits no batch of those that have not failed.
  const retried = gatherer();
  return async ({ change, job, attempt, attempts, json }) => {
    checkShape(change);
    guard(change);
    return await new Promise((resolve, reject) => {
      const jobId = job.id as string;
      const task: BatchTask = {
        change,
        changeId: change.id,
        jobId,
        tx: committedIn(change),
        job: { name: job.name, source: sourceOf(jobId), attempt, json },
        isLastTry: attempt >= attempts,
        resolve,
        reject,
      };
      // A process has ended with it in hand: it is alone, so that nobody else is blamed for the next end.
      if (job.stalledCounter > 0) void runBatch([task], options);
      else (attempt > 1 ? retried : fresh).add(task);
    });
  };
}
