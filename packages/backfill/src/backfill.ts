import type { Trail } from './trail.js';

/** `waiting` and `running` go on by themselves, `paused` after a resume; the others have ended. */
export type BackfillStatus = 'waiting' | 'running' | 'paused' | 'done' | 'cancelled' | 'failed';

/** A backfill of one table into one queue: a row of `walmq.backfill`. */
export interface Backfill {
  readonly id: string;
  readonly queue: string;
  readonly schema: string;
  readonly table: string;
  /** SQL condition on the table's columns; null: every row. */
  readonly filter: string | null;
  /** Maximum number of rows in a chunk. */
  readonly chunkRows: number;
  /** `snapshot`: requested by the configuration (`snapshot: 'initial'`). */
  readonly origin: 'request' | 'snapshot';
  readonly status: BackfillStatus;
  /** Primary key of the last row that no failover of Redis can take back, its values in text form; null at the beginning. */
  readonly lastKey: readonly string[] | null;
  /** What comes behind `lastKey`. */
  readonly trail: Trail;
  /** Key of the last row at the start. Rows after it are newer and arrive as changes. */
  readonly endKey: readonly string[] | null;
  readonly rowsRead: number;
  /** Less than rowsRead: the filter left rows out, or rows changed meanwhile and arrived as changes. */
  readonly rowsEnqueued: number;
  /** Estimate at the time of the request; null if unknown. */
  readonly rowsExpected: number | null;
  readonly error: string | null;
  /** ISO 8601. */
  readonly requestedAt: string;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
}

/** Columns of `walmq.backfill` with the names of Backfill. */
export const BACKFILL_COLUMNS = `id::text AS id, queue, table_schema AS schema, table_name AS "table", filter,
  chunk_rows AS "chunkRows", origin, status, last_key AS "lastKey", trail, end_key AS "endKey",
  coalesce((trail -> -1 ->> 'rowsRead')::float8, rows_read) AS "rowsRead",
  coalesce((trail -> -1 ->> 'rowsEnqueued')::float8, rows_enqueued) AS "rowsEnqueued", rows_expected::float8 AS "rowsExpected", error,
  to_json(requested_at) #>> '{}' AS "requestedAt", to_json(started_at) #>> '{}' AS "startedAt",
  to_json(ended_at) #>> '{}' AS "endedAt"`;
