export type Json = string | number | boolean | null | Json[] | { [name: string]: Json };

/** What a change can be: of a row, of a whole table (truncate), a row that was there before (read), an event (message). */
export const OPERATIONS = ['insert', 'update', 'delete', 'truncate', 'read', 'message'] as const;
export type Operation = (typeof OPERATIONS)[number];

export type Row = Record<string, Json>;

/** The transaction a change was committed in. */
export interface ChangeTransaction {
  xid: number;
  /** LSN of the commit record, in PostgreSQL's form: `16/B374D848`. */
  lsn: string;
  /** ISO 8601, UTC, microseconds. */
  committedAt: string;
  /** Number of the change in its transaction, from 1. */
  seq: number;
}

/**
 * One row-level event, as a job's data: the contract with workers in any language.
 *
 * Values: int2, int4 and floats are numbers (NaN and Infinity as strings); int8 and numeric are strings, never a
 * lossy number; bool is boolean; json and jsonb are JSON as PostgreSQL sent it; timestamp, timestamptz and date
 * are ISO 8601 strings (`infinity` and `-infinity` as these words); bytea is base64; arrays are arrays; a domain
 * is as its base type; everything else is PostgreSQL's text.
 */
export interface Change<R = Row> {
  /** `formatPosition`'s form; also the id of the BullMQ job. */
  id: string;
  op: Operation;
  schema: string;
  table: string;
  /** The replica identity's columns: of the new row, or of the old one for a delete. */
  key: Partial<R> | null;
  /** The whole old row with REPLICA IDENTITY FULL, else its key, else null. */
  before: R | null;
  after: R | null;
  /** Names of the columns that differ: of an update whose old row is whole. */
  changed?: string[];
  /** TOASTed columns that PostgreSQL did not send: absent from `after`, never null. */
  unchanged?: string[];
  /**
   * Columns of json or jsonb that hold JSON's null: `null` in a row is SQL's NULL else. Of an array its elements, from 0:
   * `docs[2]`.
   */
  jsonNulls?: { before?: string[]; after?: string[] };
  tx: ChangeTransaction;
  /** The context that the transaction sent, for example an actor or a traceparent. */
  context?: Record<string, Json>;
  /** Of an update of a row that was not in the set that the queue's `where` describes, and now is. */
  entered?: true;
  /** ... that was, and no longer is. */
  left?: true;
  /** Columns that were left out of the rows since the change was larger than the queue's `maxBytes`. */
  stripped?: string[];
  /**
   * Why the queue's `where`, `transform` or `maxBytes` could not be applied, or what of the table nobody knows any more: the
   * change fails, and its key waits.
   */
  shapeError?: string;
  /** Id of the change that this one is once more: it was kept, and has been sent again. */
  rewound?: string;
  /** In the dead-letter queue only: why the event is there. */
  reason?: string;
}

/** The content of an event: the row of an outbox table, or a logical message. */
export interface EventRow<Payload = Json> {
  type: string;
  payload: Payload;
  headers?: Record<string, Json> | null;
  [column: string]: unknown;
}

/** An event, as a job's data; the job's name is its type. */
export type EventChange<Payload = Json> = Omit<Change, 'before' | 'after' | 'op'> & {
  /** Of an outbox table's row; of a logical message. */
  op: 'insert' | 'message';
  before: null;
  after: EventRow<Payload>;
};
