import type { Operation } from './change.js';

/** Identity of a change: its id, its operation and its table. */
export interface ChangeName {
  readonly id: string;
  readonly op: Operation;
  readonly schema: string;
  readonly table: string;
}

/** How to write a column: keep its value, omit the column, or replace the value's JSON text. */
export type ColumnShape = 'keep' | 'omit' | ((json: string) => string);

/**
 * A change between decoder and queues. Its data is JSON text, so that no digit that PostgreSQL sent is lost. Beside the
 * text are only the facts that routing and ordering need.
 */
export interface EncodedChange extends ChangeName {
  /** The change as JSON (`Change`). */
  readonly json: string;
  /**
   * Ordering text of the key: the ordering texts of its values (`orderingTextsOf`), joined by commas. Null if the
   * change has no key.
   */
  readonly keyText: string | null;
  /** Reason why the content of the change is uncertain. If set, the worker must fail the change and not process it. */
  readonly doubt?: string | undefined;
  /** True if the change must wait for all earlier changes of its table whose key is not known. */
  readonly followsUnkeyed?: boolean;
  /** Key text of older versions: the JSON texts of its values. Jobs that wait in Redis may be stored under this text. */
  readonly formerKeyText: string | null;
  /**
   * The values of a column as JSON texts: one if old and new row agree or only one row is known, two (old, new) if the
   * change moves the row from one value to another, none if PostgreSQL did not send the column.
   */
  valuesOf(column: string): readonly string[];
  /**
   * The values of a column as ordering texts: JSON strings that are equal for equal values. The spelling of the value and
   * the type within its family do not matter: `1` as integer, bigint or numeric(10,2) is `"1"`. SQL's NULL is `null`.
   */
  orderingTextsOf(column: string): readonly string[];
  /**
   * Bytes of old and new row as JSON, counted without writing them; a missing row counts as `null`. Undefined if the rows
   * are not clearly larger than `limit`: the caller then writes them to measure them.
   */
  bytesBeyond(limit: number, column: (name: string) => ColumnShape): number | undefined;
  /**
   * The text of `json` with each column of key and rows shaped by `column`. `members` (JSON texts) replace members of the
   * change, which are then not written.
   */
  jsonShaped(
    column: (name: string, inKey: boolean) => ColumnShape,
    members: Readonly<Record<string, string>>,
  ): string;
  /** The rows as JSON. Null if there is no such row or PostgreSQL sent only its key. */
  readonly rows: { readonly before: string | null; readonly after: string | null };
}

/** An event from a logical message, between decoder and queues. Its content is not parsed yet. */
export interface EncodedEvent extends ChangeName {
  /** Name of the queue, as the sender wrote it. */
  readonly queue: string;
  readonly content: Buffer;
  /** The change as JSON (`Change`) with the given JSON texts as its key and its new row. */
  jsonWith(parts: { readonly key: string; readonly after: string }): string;
}
