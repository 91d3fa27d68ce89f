import { type Change, WalmqError } from '@walmq/change';
import type { Logger } from '@walmq/service';
import { DelayedError, type Job, UnrecoverableError, WaitingError } from 'bullmq';
import { describe } from './describe.js';
import { retryAfterMsOf, type Verdict } from './outcome.js';

export interface Failure {
  readonly verdict: Verdict;
  readonly change: Change;
  readonly error: Error;
  readonly durationMs: number;
}

const LEVELS = { 'handed-back': 'info', postponed: 'warn', retried: 'warn', failed: 'error' } as const;

const SENTENCES: Readonly<Record<Verdict, string>> = {
  'handed-back': 'Handed back, as the process stops',
  postponed: 'Postponed, as the other side asked',
  retried: 'Will retry',
  failed: 'Failed',
};

export function reportFailure(log: Logger, { verdict, change, error, durationMs }: Failure): void {
  const { code } = error as Error & { code?: unknown };
  // The stack alone: PostgreSQL's errors carry rows in their other fields.
  log.debug({ stack: error.stack }, 'The stack of the failure that follows');
  log[LEVELS[verdict]](
    { event: `change:${verdict}`, durationMs, code, error: reasonOf(error) },
    `${SENTENCES[verdict]}: ${describe(change)}`,
  );
}

/** Resolves to what to throw so that BullMQ does with the job as the verdict says. */
export async function settleFailure(failure: {
  readonly job: Job<Change>;
  readonly token: string | undefined;
  readonly verdict: Verdict;
  readonly error: Error;
}): Promise<Error> {
  const { job, token, verdict, error } = failure;
  switch (verdict) {
    case 'handed-back':
      await job.moveToWait(token);
      return new WaitingError();
    case 'postponed':
      await job.moveToDelayed(Date.now() + (retryAfterMsOf(error) ?? 0), token);
      return new DelayedError();
    case 'retried':
      return error;
    case 'failed':
      // Straight to failed, even with attempts left.
      return new UnrecoverableError(reasonOf(error));
  }
}

/** A refused connection to two addresses has a code and no message. */
function reasonOf(error: Error & { readonly code?: unknown }): string {
  if (error instanceof WalmqError) return error.sentence;
  return error.message || String(error.code ?? error.name);
}
