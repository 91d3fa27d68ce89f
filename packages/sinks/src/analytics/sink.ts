import type { PositionedFact } from './fact.js';

/** What a sink gets beside the rows. */
export interface WriteOptions {
  /** The same whenever the same rows are written, for targets that recognise repetitions by a key. */
  readonly idempotencyKey: string;
  /** Aborted at the change's deadline. */
  readonly signal: AbortSignal;
}

/**
 * A place for facts. `write` may be called again with the same rows, and late with older rows: the row with
 * the last position stays. Rejects with errors that `outcomeOf` understands, and never with a row in the
 * message.
 */
export interface AnalyticsSink {
  write(rows: readonly PositionedFact[], options: WriteOptions): Promise<void>;
  close(): Promise<void>;
}

/** The columns that a sink adds to every table of facts. */
export const POSITION_COLUMN = 'walmq_position';
/** True for a row whose thing no longer exists. */
export const DELETED_COLUMN = 'walmq_deleted';
