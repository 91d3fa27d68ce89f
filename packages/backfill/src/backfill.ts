/** `waiting` and `running` go on by themselves, `paused` on demand; the others have ended. */
export type BackfillStatus = 'waiting' | 'running' | 'paused' | 'done' | 'cancelled' | 'failed';

/** Rows of one table on their way into one queue: a row of `walmq.backfill`. */
export interface Backfill {
  readonly id: string;
  readonly queue: string;
  readonly schema: string;
  readonly table: string;
  /** SQL condition on the table's columns; null: every row. */
  readonly filter: string | null;
  /** Rows read at once, at most. */
  readonly chunkRows: number;
  /** `snapshot`: asked for by the configuration (`snapshot: 'initial'`). */
  readonly origin: 'request' | 'snapshot';
  readonly status: BackfillStatus;
  /** Text forms of the primary key's values, up to which everything is enqueued and durable; null at the beginning. */
  readonly lastKey: readonly string[] | null;
  /** Key of the last row there was at first: rows behind it are newer, and come as changes. */
  readonly endKey: readonly string[] | null;
  readonly rowsRead: number;
  /** Less than read: what the filter left out, and rows that changed meanwhile, whose changes came by themselves. */
  readonly rowsEnqueued: number;
  /** As estimated when it was asked for; null when nobody knew. */
  readonly rowsExpected: number | null;
  readonly error: string | null;
  /** ISO 8601. */
  readonly requestedAt: string;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
}

/** Of `walmq.backfill`, named as in Backfill. */
export const BACKFILL_COLUMNS = `id::text AS id, queue, table_schema AS schema, table_name AS "table", filter,
  chunk_rows AS "chunkRows", origin, status, last_key AS "lastKey", end_key AS "endKey", rows_read::float8 AS "rowsRead",
  rows_enqueued::float8 AS "rowsEnqueued", rows_expected::float8 AS "rowsExpected", error,
  to_json(requested_at) #>> '{}' AS "requestedAt", to_json(started_at) #>> '{}' AS "startedAt",
  to_json(ended_at) #>> '{}' AS "endedAt"`;
