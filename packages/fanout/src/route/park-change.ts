import { type EncodedChange, WalmqError } from '@walmq/change';
import type { Shape } from './shape.js';

/** Reason why a change cannot be written out, for readers of its queue. */
export function parkReason(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return error instanceof WalmqError ? message : `the change cannot be written: ${message}`;
}

/**
 * Returns the data of a parked change: its key and the reason. The worker package fails the job at once. Later changes of
 * the key wait for a decision, and all other changes continue. So no content of a row can stop the stream.
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
    // The key itself cannot be written.
    return write({ ...members, key: 'null' });
  }
}
