import { type EncodedChange, WalmqError } from '@walmq/change';
import type { Shape } from './shape.js';

/** Why a change cannot be written out, for a person to read in its queue. */
export function parkReason(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return error instanceof WalmqError ? message : `the change cannot be written: ${message}`;
}

/**
 * A change that cannot be written out, as its key alone and the reason: the worker kit fails it at once, so that later
 * changes of its key wait for somebody's decision and all others flow. Nothing a row holds may stop the stream.
 */
export function parkedJson(change: EncodedChange, shape: Shape | undefined, reason: string): string {
  const members = {
    before: 'null',
    after: 'null',
    shapeError: JSON.stringify(`${reason}: read the row by its key`),
  };
  const write = (with_: typeof members & { key?: string }) =>
    shape ? shape.json(change, with_) : change.jsonShaped(() => 'keep', with_);
  try {
    return write(members);
  } catch {
    // It is the key itself.
    return write({ ...members, key: 'null' });
  }
}
