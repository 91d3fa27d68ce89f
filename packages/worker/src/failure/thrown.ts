import { type ErrorCode, WalmqError } from '@walmq/change';
import { reasonOf } from './reason.js';

/** To be thrown by a handler that knows its change can never be processed; the message is what Bull Board shows. */
export function giveUp(message: string, detail: { readonly remedy?: string } = {}): WalmqError {
  return new WalmqError('HANDLER_GAVE_UP', message, detail);
}

/**
 * To be thrown by a handler that finds there is nothing to do: the change is completed with `{ processed: false, reason }`
 * as its return value, and the next change of its key runs. Inside `once` it takes the transaction back.
 */
export function drop(reason: string): WalmqError {
  return new WalmqError('HANDLER_DROPPED', reason);
}

/** Delays that grow: the first, doubled by each time that the change is put off, up to the longest. */
export interface GrowingDelay {
  readonly firstMs: number;
  readonly maxMs: number;
  /** How often the change may be put off at most. Default: for as long as the queue's `maxPostponedMs` says. */
  readonly times?: number | undefined;
}

/** Milliseconds, or how they grow. */
export type Delay = number | GrowingDelay;

/**
 * To be thrown by a handler whose other side said when to come again (429 with Retry-After): the change is tried again
 * after that long, and no attempt is lost. Less than the queue's `backoff.delayMs` (nothing, a time that is past, NaN) is the
 * backoff's delay, which doubles; more than a day is a day. After `maxPostponedMs` of the queue the change fails.
 */
export function postpone(message: string, retryAfterMs: Delay): WalmqError & { retryAfterMs: Delay } {
  return Object.assign(new WalmqError('HANDLER_POSTPONED', message), { retryAfterMs });
}

const DECIDED: ReadonlySet<ErrorCode> = new Set([
  'HANDLER_GAVE_UP',
  'HANDLER_DROPPED',
  'HANDLER_POSTPONED',
  'CHANGE_NOT_VISIBLE',
]);

/** Whether it is known what becomes of the change, however late that was found out. */
export function isDecided(error: unknown): boolean {
  return error instanceof WalmqError && DECIDED.has(error.code);
}

/** How long the other side asked to be left alone; undefined: it did not. */
export function retryAfterMsOf(error: unknown): Delay | undefined {
  const { retryAfterMs } = Object(error) as { retryAfterMs?: unknown };
  if (typeof retryAfterMs === 'number') return retryAfterMs;
  const { firstMs, maxMs } = Object(retryAfterMs) as Partial<GrowingDelay>;
  return typeof firstMs === 'number' && typeof maxMs === 'number'
    ? (retryAfterMs as GrowingDelay)
    : undefined;
}

/** What a change fails with that has been put off for as long, or as often, as it may. */
export function postponedTooLong(error: Error, since: string | undefined): WalmqError {
  return new WalmqError(
    'HANDLER_POSTPONED_TOO_LONG',
    `the change was put off again and again${since === undefined ? '' : ` since ${since}`}: ${reasonOf(error)}`,
    {
      remedy:
        'Mend what it waits for, then retry the change; maxPostponedMs of the queue is how long it waits.',
      cause: error,
    },
  );
}
