import { type ErrorCode, WalmqError } from '@walmq/change';
import { reasonOf } from './reason.js';

/** For a handler to throw if its change can never be processed. Bull Board shows the message. */
export function giveUp(message: string, detail: { readonly remedy?: string } = {}): WalmqError {
  return new WalmqError('HANDLER_GAVE_UP', message, detail);
}

/**
 * For a handler to throw if there is nothing to do: the change is completed with `{ processed: false, reason
 * }` as its return value, and the next change of its key runs. Inside `once` it rolls back the transaction.
 */
export function drop(reason: string): WalmqError {
  return new WalmqError('HANDLER_DROPPED', reason);
}

/** Growing delays: the first, doubled by each postponement, up to the longest. */
export interface GrowingDelay {
  readonly firstMs: number;
  readonly maxMs: number;
  /** Limit of postponements. Default: only the queue's `maxPostponedMs`. */
  readonly times?: number | undefined;
}

/** Milliseconds, or how they grow. */
export type Delay = number | GrowingDelay;

/**
 * For a handler to throw if the other side named a time to come again (429 with Retry-After): the change is
 * retried after that time and loses no attempt. A delay below the queue's `backoff.delayMs` (0, a past time,
 * NaN) is replaced by the backoff's delay, which doubles; more than a day is a day. After the queue's
 * `maxPostponedMs` the change fails.
 */
export function postpone(message: string, retryAfterMs: Delay): WalmqError & { retryAfterMs: Delay } {
  return Object.assign(new WalmqError('HANDLER_POSTPONED', message), { retryAfterMs });
}

const DECIDED: ReadonlySet<unknown> = new Set<ErrorCode>([
  'HANDLER_GAVE_UP',
  'HANDLER_DROPPED',
  'HANDLER_POSTPONED',
  'CHANGE_NOT_VISIBLE',
]);

/** True if the handler itself decided the outcome, however late. By the code: the handler may use another copy of walmq. */
export function isDecided(error: unknown): boolean {
  return DECIDED.has(Object(error).code);
}

/** The delay that the other side asked for; undefined if none. */
export function retryAfterMsOf(error: unknown): Delay | undefined {
  const { retryAfterMs } = Object(error) as { retryAfterMs?: unknown };
  if (typeof retryAfterMs === 'number') return retryAfterMs;
  const { firstMs, maxMs } = Object(retryAfterMs) as Partial<GrowingDelay>;
  return typeof firstMs === 'number' && typeof maxMs === 'number'
    ? (retryAfterMs as GrowingDelay)
    : undefined;
}

/** The failure of a change that was postponed for as long, or as often, as allowed. */
export function postponedTooLong(error: Error, since: string | undefined): WalmqError {
  return new WalmqError(
    'HANDLER_POSTPONED_TOO_LONG',
    `the change was put off again and again${since === undefined ? '' : ` since ${since}`}: ${reasonOf(error)}`,
    {
      remedy:
        'Repair what the change waits for, then retry the change; maxPostponedMs of the queue is the longest wait.',
      cause: error,
    },
  );
}
