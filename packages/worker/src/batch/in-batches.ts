import type { Change } from '@walmq/change';
import type { QueueConfig } from '@walmq/config';
import type { BatchLimits } from '../define/batch.js';
import { sourceOf } from '../effects/schema.js';
import { committedIn } from '../effects/visible.js';
import { checkShape } from '../run/process-change.js';
import type { RunOptions } from '../run/run-job.js';
import { tracePlace } from './batch-span.js';
import type { BatchTask } from './batch-task.js';
import { Gatherer } from './gatherer.js';
import { type RunBatchOptions, runBatch } from './run-batch.js';

/** Minimum number of batches in hand: one is gathered while another one runs. */
const BATCHES_IN_HAND = 2;

/** Number of changes that a process takes at a time: the queue's `concurrency`, but at least two full batches. */
export function changesInHand(
  { size }: BatchLimits,
  { concurrency }: Pick<QueueConfig, 'concurrency'>,
): number {
  return Math.max(concurrency, BATCHES_IN_HAND * size);
}

/**
 * Gathers the changes that BullMQ's Worker hands out one by one. BullMQ still controls each job, with its lock, its
 * retries and its end. The job's processor waits until the change has its own outcome.
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
  // Retried changes have batches of their own, so that a change that fails at every attempt does not split batches of
  // changes that have not failed.
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
        trace: tracePlace(options.telemetry),
        resolve,
        reject,
      };
      // A process has died with this change in hand. It runs alone, so that no other change is blamed if a process dies
      // again.
      if (job.stalledCounter > 0) void runBatch([task], options);
      else (attempt > 1 ? retried : fresh).add(task);
    });
  };
}
