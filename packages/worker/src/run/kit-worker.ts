import { type Change, WalmqError } from '@walmq/change';
import { type Job, UnrecoverableError } from 'bullmq';
import { MovingWorker } from '../moves/moving-worker.js';

/**
 * BullMQ's worker with a better reason for a change on which workers stalled too often. BullMQ only says "job
 * stalled more than allowable limit".
 */
export class KitWorker extends MovingWorker {
  protected override async handleFailed(
    error: Error,
    job: Job<Change>,
    ...rest: [string, (() => boolean)?, Parameters<MovingWorker['handleFailed']>[4]?]
  ) {
    const { maxStalledCount = 1 } = this.opts;
    const reason = job.deferredFailure
      ? new UnrecoverableError(stalledTooOften(maxStalledCount).sentence)
      : error;
    return await super.handleFailed(reason, job, ...rest);
  }
}

export function stalledTooOften(maxStalledCount: number): WalmqError {
  return new WalmqError(
    'HANDLER_STALLED',
    `more than ${maxStalledCount} times a worker ended or stopped answering while it had this change, the last times nothing but this change.`,
    {
      remedy:
        'Look at how the worker processes ended: out of memory (exit code 134 or 137), a crash, a loop that never yields. Repair the handler or give the workers more memory, then retry the change.',
    },
  );
}
