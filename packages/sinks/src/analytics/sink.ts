import type { PositionedFact } from './fact.js';

export interface WriteOptions {
  /** The same whenever the same rows are written: for targets that know repetitions by a key. */
  readonly idempotencyKey: string;
  /** Aborted at the change's deadline. */
  readonly signal: AbortSignal;
}

/**
 * A place for facts. `write` may come again with the same rows, and late with rows older than those it has: the row with
 * the last position stays. It rejects with what `outcomeOf` understands, and never with a row in the message.
 */
export interface AnalyticsSink {
  write(rows: readonly PositionedFact[], options: WriteOptions): Promise<void>;
  close(): Promise<void>;
}

/** The columns that a sink keeps of its own in every table of facts. */
export const POSITION_COLUMN = 'walmq_position';
/** True of a row whose fact is no more. */
export const DELETED_COLUMN = 'walmq_deleted';
