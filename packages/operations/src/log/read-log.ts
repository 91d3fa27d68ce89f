import { type LogDatabase, logUnavailable, type Via } from './operator-log.js';

/** One action of an operator. */
export interface LogEntry {
  readonly id: string;
  readonly begunAt: string;
  /** Null: the action is still running, or its process died. */
  readonly endedAt: string | null;
  readonly who: string;
  readonly via: Via;
  readonly action: string;
  readonly queue: string | null;
  readonly changeIds: readonly string[];
  readonly table: string | null;
  /** The key's JSON text. */
  readonly key: string | null;
  readonly reason: string | null;
  readonly details: Readonly<Record<string, unknown>>;
  /** JSON text of a corrected change, before and after. They hold rows. */
  readonly original: string | null;
  readonly corrected: string | null;
  readonly outcome: 'begun' | 'done' | 'failed';
  readonly result: string | null;
}

/** Which entries to read. Default: the newest. */
export interface LogFilter {
  readonly who?: string | undefined;
  readonly action?: string | undefined;
  readonly queue?: string | undefined;
  readonly outcome?: string | undefined;
  readonly changeId?: string | undefined;
  /** Begun at or after, and at or before; milliseconds since 1970. */
  readonly fromMs?: number | undefined;
  readonly toMs?: number | undefined;
  /** Entries older than the one of this id. */
  readonly before?: string | undefined;
  readonly limit?: number;
}

export interface LogPage {
  /** The newest first. */
  readonly entries: readonly LogEntry[];
  /** `before` of the next page; undefined on the last page. */
  readonly next: string | undefined;
}

const PAGE = 50;

/** Reads a page of the operators' log. Rejects with OPERATOR_LOG_UNAVAILABLE. */
export async function readLog(database: LogDatabase, filter: LogFilter = {}): Promise<LogPage> {
  const { limit = PAGE, fromMs, toMs } = filter;
  try {
    const { rows } = await database.query<LogEntry>(
      `SELECT id::text AS id, ${utc('begun_at')} AS "begunAt", ${utc('ended_at')} AS "endedAt", who, via, action, queue,
              change_ids AS "changeIds", table_name AS "table", key, reason, details, original, corrected, outcome, result
         FROM walmq.operator_log
        WHERE ($1::text IS NULL OR who = $1) AND ($2::text IS NULL OR action = $2) AND ($3::text IS NULL OR queue = $3)
          AND ($4::text IS NULL OR outcome = $4) AND ($5::text IS NULL OR change_ids @> ARRAY[$5::text])
          AND ($6::timestamptz IS NULL OR begun_at >= $6) AND ($7::timestamptz IS NULL OR begun_at <= $7)
          AND ($8::bigint IS NULL OR id < $8)
        ORDER BY walmq.operator_log.id DESC LIMIT $9`,
      [
        filter.who,
        filter.action,
        filter.queue,
        filter.outcome,
        filter.changeId,
        fromMs === undefined ? undefined : new Date(fromMs).toISOString(),
        toMs === undefined ? undefined : new Date(toMs).toISOString(),
        filter.before,
        limit + 1,
      ],
    );
    const entries = rows.slice(0, limit);
    return { entries, next: rows.length > limit ? entries.at(-1)?.id : undefined };
  } catch (cause) {
    throw logUnavailable(cause);
  }
}

/** A time as ISO 8601 in UTC, whatever the session's time zone is. */
export function utc(column: string): string {
  return `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
}

/** Deletes entries that began before a time. Returns their number. Rejects with OPERATOR_LOG_UNAVAILABLE. */
export async function pruneLog(database: LogDatabase, beforeMs: number): Promise<number> {
  try {
    const { rowCount } = await database.query('DELETE FROM walmq.operator_log WHERE begun_at < $1', [
      new Date(beforeMs).toISOString(),
    ]);
    return rowCount ?? 0;
  } catch (cause) {
    throw logUnavailable(cause);
  }
}
