import { WalmqError } from '@walmq/change';

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

/**
 * To be thrown by a handler whose other side said when to come again (429 with Retry-After): the change is tried again
 * after that long, and no attempt is lost.
 */
export function postpone(message: string, retryAfterMs: number): WalmqError & { retryAfterMs: number } {
  return Object.assign(new WalmqError('HANDLER_POSTPONED', message), { retryAfterMs });
}

const DECIDED: ReadonlySet<string> = new Set([
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
export function retryAfterMsOf(error: unknown): number | undefined {
  const { retryAfterMs } = Object(error) as { retryAfterMs?: unknown };
  return typeof retryAfterMs === 'number' ? retryAfterMs : undefined;
}
