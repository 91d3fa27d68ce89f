import type { Operation } from './change.js';

/**
 * A change on its way to the queues: its data already JSON text, so that no digit PostgreSQL sent is lost on the
 * way, and just enough beside it to route and order it.
 */
export interface EncodedChange {
  readonly id: string;
  readonly op: Operation;
  readonly schema: string;
  readonly table: string;
  /** The change as JSON (`Change`). */
  readonly json: string;
  /** The key's values as JSON texts joined by commas; null when the table has no key. */
  readonly keyText: string | null;
  /**
   * The values of a column as JSON texts: one when old and new row agree or only one is known, two (old, new)
   * when the change moves the row from one value to another, none when PostgreSQL did not send the column.
   */
  valuesOf(column: string): readonly string[];
}
