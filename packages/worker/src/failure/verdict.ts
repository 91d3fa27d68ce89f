import { outcomeOf } from './outcome.js';
import { retryAfterMsOf } from './thrown.js';

/** What becomes of a job whose handler failed. */
export type Verdict =
  /** There is nothing to be done: it is completed. */
  | 'dropped'
  /** The process is stopping: another one takes the job, and no attempt is lost. */
  | 'handed-back'
  /** Again, when the other side asked for it; no attempt is lost. */
  | 'postponed'
  /** Again, after the queue's backoff. */
  | 'retried'
  /** For good: out of attempts, or not worth another. */
  | 'failed';

/** What the error says decides first, then whether the process stops, then the tries that are left. */
export function verdictOf(failure: {
  readonly error: unknown;
  /** This try's number, from 1. */
  readonly attempt: number;
  readonly attempts: number;
  readonly stopping: boolean;
}): Verdict {
  const outcome = outcomeOf(failure.error);
  if (outcome === 'drop') return 'dropped';
  if (outcome === 'give-up') return 'failed';
  if (failure.stopping) return 'handed-back';
  if (retryAfterMsOf(failure.error) !== undefined) return 'postponed';
  return failure.attempt < failure.attempts ? 'retried' : 'failed';
}
