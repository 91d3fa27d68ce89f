/** A JSON value. */
export type Json = string | number | boolean | null | Json[] | { [name: string]: Json };

/** Operations: of a row, of a whole table (truncate), an existing row from a backfill (read), an event (message). */
export type Operation = 'insert' | 'update' | 'delete' | 'truncate' | 'read' | 'message';
export const OPERATIONS: readonly Operation[] = ['insert', 'update', 'delete', 'truncate', 'read', 'message'];

/** A row's values by column, as a job holds them. */
export type Row = Record<string, Json>;

/** The transaction that committed the change. */
export interface ChangeTransaction {
  /** Id of the transaction: the low 32 bits, as the stream has them. */
  xid: number;
  /** LSN of the commit record, in PostgreSQL's form: `16/B374D848`. */
  lsn: string;
  /** Time of the commit: ISO 8601, UTC, with microseconds. */
  committedAt: string;
  /** Number of the change in its transaction, from 1. */
  seq: number;
}

/**
 * One change, as a job's data: the contract with workers in any language.
 *
 * Values: int2, int4 and floats are numbers (NaN and Infinity are strings). int8 and numeric are strings, because a
 * number would lose digits. bool is a boolean. json and jsonb are JSON as PostgreSQL sent it. timestamp, timestamptz
 * and date are ISO 8601 strings (`infinity` and `-infinity` stay these words). bytea is base64. Arrays are arrays. A
 * domain has the form of its base type. Everything else is PostgreSQL's text.
 */
export interface Change<R = Row> {
  /** Position of the change in the form of `formatPosition`. The id of the BullMQ job begins with it. */
  id: string;
  /** Operation that made the change. */
  op: Operation;
  /** Schema of the table. Unquoted. */
  schema: string;
  /** Name of the table without its schema. Unquoted. */
  table: string;
  /** Columns of the key, from the new row; for a delete, from the old row. Null if there is no key or it is not known. */
  key: Partial<R> | null;
  /** The whole old row with REPLICA IDENTITY FULL, otherwise its key or null. */
  before: R | null;
  /** The new row. Null for a delete and a truncate. */
  after: R | null;
  /** Names of the columns that differ. Present for an update with the whole old row. */
  changed?: string[];
  /** Names of TOASTed columns that PostgreSQL did not send. They are absent from `after`, never null. */
  unchanged?: string[];
  /**
   * Names of json and jsonb columns that hold JSON's null. Any other `null` in a row is SQL's NULL. For an array: its
   * elements, counted from 0 (`docs[2]`).
   */
  jsonNulls?: { before?: string[]; after?: string[] };
  /** The transaction that committed the change. */
  tx: ChangeTransaction;
  /** The context that the transaction sent, for example an actor or a traceparent. */
  context?: Record<string, Json>;
  /** Present for an update that moves the row into the set of the queue's `where`. */
  entered?: true;
  /** Present for an update that moves the row out of the set of the queue's `where`. */
  left?: true;
  /** Names of columns that were removed from the rows because the change was larger than the queue's `maxBytes`. */
  stripped?: string[];
  /**
   * Reason why the queue's `where`, `transform` or `maxBytes` could not be applied, why the change could not be
   * written, or which fact of the table is no longer known. The change fails, and later changes of its key wait.
   */
  shapeError?: string;
  /** Present if an operator corrected the rows while the change waited: when, and who. The original is in the operators' log. */
  corrected?: { at: string; by: string };
  /** Id of the earlier change that a rewind sent again as this change. */
  rewound?: string;
  /** Reason why the event is in the dead-letter queue. Present in that queue only. */
  reason?: string;
}

/** The content of an event: the row of an outbox table, or a logical message. */
export interface EventRow<Payload = Json> {
  /** Type of the event, such as "order.paid". */
  type: string;
  /** Content of the event. */
  payload: Payload;
  /** Content beside the payload, for example a traceparent. */
  headers?: Record<string, Json> | null;
  [column: string]: unknown;
}

/** An event, as a job's data. The job's name is the event's type. */
export type EventChange<Payload = Json> = Omit<Change, 'before' | 'after' | 'op'> & {
  /** `insert` for a row of an outbox table, `message` for a logical message. */
  op: 'insert' | 'message';
  before: null;
  after: EventRow<Payload>;
};
