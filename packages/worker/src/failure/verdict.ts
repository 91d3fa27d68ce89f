import { outcomeOf } from './outcome.js';
import { retryAfterMsOf } from './thrown.js';

/** What happens to a job whose handler failed. */
export type Verdict =
  /** Nothing to do: it is completed. */
  | 'dropped'
  /** The process is stopping: another process takes the job, and no attempt is lost. */
  | 'handed-back'
  /** Retried at the time that the other side asked for; no attempt is lost. */
  | 'postponed'
  /** Retried after the queue's backoff. */
  | 'retried'
  /** Failed for good: no attempts left, or a retry would not help. */
  | 'failed';

/** The error decides first, then whether the process stops, then the remaining attempts. */
export function verdictOf(failure: {
  readonly error: unknown;
  /** Number of this attempt, from 1. */
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
