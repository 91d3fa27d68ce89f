import type { Operation } from './change.js';

/** What identifies a change, of a row or of an event. */
export interface ChangeName {
  readonly id: string;
  readonly op: Operation;
  readonly schema: string;
  readonly table: string;
}

/** What becomes of a column's value, JSON text too: it stays, it goes, or it is replaced. */
export type ColumnShape = 'keep' | 'omit' | ((json: string) => string);

/**
 * A change on its way to the queues: its data already JSON text, so that no digit PostgreSQL sent is lost on the
 * way, and just enough beside it to route and order it.
 */
export interface EncodedChange extends ChangeName {
  /** The change as JSON (`Change`). */
  readonly json: string;
  /**
   * What orders the changes of one key: the ordering texts of its values (`orderingTextsOf`), joined by commas; null when
   * the table has no key.
   */
  readonly keyText: string | null;
  /** Why the content of the change is uncertain; if set, a worker must not process the change as certain. */
  readonly doubt?: string | undefined;
  /** It waits for all changes of its table whose key is not known. */
  readonly followsUnkeyed?: boolean;
  /** The key as older versions named it: its values' JSON texts. Jobs that wait in Redis may stand under it. */
  readonly formerKeyText: string | null;
  /**
   * The values of a column as JSON texts: one when old and new row agree or only one is known, two (old, new)
   * when the change moves the row from one value to another, none when PostgreSQL did not send the column.
   */
  valuesOf(column: string): readonly string[];
  /**
   * The same values as JSON strings that are equal for equal values, however they are spelt and whatever type of its
   * family the column has (`1` of an integer, a bigint, a numeric(10,2) are all `"1"`); `null` is SQL's NULL.
   */
  orderingTextsOf(column: string): readonly string[];
  /**
   * How many bytes old and new row take as JSON, `null` where there is none, where that is more than `limit` beyond
   * doubt: counted, not written. Undefined where writing is the way to find out.
   */
  bytesBeyond(limit: number, column: (name: string) => ColumnShape): number | undefined;
  /** As `json`, with each column as this says, in key and rows, and with these members, JSON text each, over the others, which are not written then. */
  jsonShaped(
    column: (name: string, inKey: boolean) => ColumnShape,
    members: Readonly<Record<string, string>>,
  ): string;
  /** The rows as JSON; null where there is none, or where only its key was sent. */
  readonly rows: { readonly before: string | null; readonly after: string | null };
}

/** An event from a logical message on its way to the queues. Its content is not parsed yet. */
export interface EncodedEvent extends ChangeName {
  /** The queue that the sender named. */
  readonly queue: string;
  readonly content: Buffer;
  /** The change as JSON (`Change`) with these, JSON too, as its key and its new row. */
  jsonWith(parts: { readonly key: string; readonly after: string }): string;
}
