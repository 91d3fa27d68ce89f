import type { Change } from '@walmq/change';
import type { Logger } from '@walmq/runtime';
import { DelayedError, type Job, UnrecoverableError, WaitingError } from 'bullmq';
import { boundedBackoff } from '../failure/bounded-backoff.js';
import { type Postponement, postponementOf } from '../failure/postponement.js';
import { reasonOf, stackOf } from '../failure/reason.js';
import type { Verdict } from '../failure/verdict.js';
import { describe } from './describe.js';

export interface Failure {
  readonly verdict: Verdict;
  readonly change: Change;
  readonly error: Error;
  readonly durationMs: number;
}

const LEVELS = {
  dropped: 'info',
  'handed-back': 'info',
  postponed: 'warn',
  retried: 'warn',
  failed: 'error',
} as const;

/** Number of stacks that BullMQ keeps with a job: repeated failures add nothing. */
const STACKS_KEPT = 3;

const SENTENCES: Readonly<Record<Verdict, string>> = {
  dropped: 'Dropped',
  'handed-back': 'Handed back, as the process stops',
  postponed: 'Postponed',
  retried: 'Will retry',
  failed: 'Failed',
};

/** One log line, at a level that fits the verdict; the stack at LOG_LEVEL=debug. */
export function reportFailure(log: Logger, { verdict, change, error, durationMs }: Failure): void {
  const { code } = error as Error & { code?: unknown };
  // The place of the error is useful; the error itself may contain the row.
  log.debug({ stack: stackOf(error) }, 'The stack of the failure that follows');
  log[LEVELS[verdict]](
    { event: `change:${verdict}`, durationMs, code, error: reasonOf(error) },
    `${SENTENCES[verdict]}: ${describe(change)}`,
  );
}

/** Resolves to the error that makes BullMQ do what the verdict says. */
export async function settleFailure(failure: {
  readonly job: Job<Change>;
  readonly token: string | undefined;
  readonly verdict: Exclude<Verdict, 'dropped'>;
  readonly error: Error;
  /** From the queue's backoff. */
  readonly maxDelayMs: number;
  /** Milliseconds until the next attempt of a postponed change. */
  readonly delayMs: number | undefined;
}): Promise<Error> {
  const { job, token, verdict, error, maxDelayMs, delayMs = 0 } = failure;
  switch (verdict) {
    case 'handed-back':
      await job.moveToWait(token);
      return new WaitingError();
    case 'postponed':
      await job.updateProgress({ ...postponedOnceMore(job, error) });
      await job.moveToDelayed(Date.now() + delayMs, token);
      return new DelayedError();
    case 'retried':
      if (job.opts.backoff !== undefined)
        job.opts.backoff = boundedBackoff(job.opts.backoff, { attempt: job.attemptsMade + 1, maxDelayMs });
      return kept(job, error, new Error(reasonOf(error)));
    case 'failed':
      // After an operator's retry it may be postponed for as long again.
      if (postponementOf(job.progress)) await job.updateProgress(0);
      // Straight to failed, even if attempts are left.
      return kept(job, error, new UnrecoverableError(reasonOf(error)));
  }
}

function postponedOnceMore({ progress }: Job<Change>, error: Error): Postponement {
  const before = postponementOf(progress);
  return {
    postponed: (before?.postponed ?? 0) + 1,
    since: before?.since ?? new Date().toISOString(),
    reason: reasonOf(error),
  };
}

/**
 * BullMQ stores message and stack of the thrown error. Neither may contain more than a reader of Bull Board
 * needs.
 */
function kept(job: Job<Change>, error: Error, thrown: Error): Error {
  thrown.stack = stackOf(error);
  job.opts.stackTraceLimit = STACKS_KEPT;
  return thrown;
}
