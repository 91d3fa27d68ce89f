import { parseTableName, qualifiedName, WalmqError } from '@walmq/change';
import { REWIND_PREFIX } from '@walmq/replication';
import type { ClientBase } from 'pg';

/** Which changes to send, and to which queue. */
export interface RewindOptions {
  readonly queue: string;
  /** Tables in the form of qualifiedName. */
  readonly tables: readonly string[];
  /** By commit time, both ends included. ISO 8601. */
  readonly from: string;
  readonly to: string;
  /** Only changes of the row with this key. */
  readonly key: Readonly<Record<string, unknown>> | null;
}

/** What a rewind would send. */
export interface RewindPlan {
  readonly changes: number;
  readonly byTable: readonly { readonly table: string; readonly changes: number }[];
  readonly first: string | null;
  readonly last: string | null;
  /** Commit time of the oldest change of these tables in the log; null if there is none. */
  readonly logBegins: string | null;
}

/** A rewind that has begun: its record in walmq.rewind. */
export interface Rewind extends RewindOptions {
  readonly id: string;
  /** Number of changes sent so far. */
  readonly sent: number;
  readonly lastChangeId: string;
  readonly endedAt: string | null;
}

/** $1: in the form of tableNames. One text of schema and table would not distinguish all tables. */
const OF_TABLES = `(schema_name, table_name) IN (SELECT t ->> 'schema', t ->> 'table' FROM jsonb_array_elements($1::jsonb) t)`;
const CHOSEN = `${OF_TABLES} AND committed_at BETWEEN $2 AND $3
  AND ($4::jsonb IS NULL OR coalesce(key, walmq.change_log_key(change)) = $4::jsonb)`;

function chosen({ tables, from, to, key }: RewindOptions): unknown[] {
  return [tableNames(tables), from, to, key === null ? null : JSON.stringify(key)];
}

function tableNames(tables: readonly string[]): string {
  return JSON.stringify(tables.map(parseTableName));
}

/** Counts in the log what a rewind would send; sends nothing. */
export async function planRewind(client: ClientBase, options: RewindOptions): Promise<RewindPlan> {
  const { rows } = await client.query<{
    schema: string;
    table: string;
    changes: number;
    first: string;
    last: string;
  }>(
    `SELECT schema_name AS schema, table_name AS "table", count(*)::float8 AS changes,
            to_json(min(committed_at)) #>> '{}' AS first, to_json(max(committed_at)) #>> '{}' AS last
       FROM walmq.change_log WHERE ${CHOSEN} GROUP BY 1, 2 ORDER BY 1, 2`,
    chosen(options),
  );
  const begins = await client.query<{ begins: string | null }>(
    `SELECT to_json(min(committed_at)) #>> '{}' AS begins FROM walmq.change_log
      WHERE ${OF_TABLES}`,
    [tableNames(options.tables)],
  );
  return {
    changes: rows.reduce((sum, { changes }) => sum + changes, 0),
    byTable: rows.map(({ schema, table, changes }) => ({ table: qualifiedName({ schema, table }), changes })),
    first: rows.map(({ first }) => first).sort()[0] ?? null,
    last:
      rows
        .map(({ last }) => last)
        .sort()
        .at(-1) ?? null,
    logBegins: begins.rows[0]?.begins ?? null,
  };
}

const REWIND_COLUMNS = `id::text AS id, queue, tables, to_json(from_time) #>> '{}' AS "from", to_json(to_time) #>> '{}' AS "to",
  key, sent::float8 AS sent, last_change_id AS "lastChangeId", to_json(ended_at) #>> '{}' AS "endedAt"`;

/** Stores a rewind in walmq.rewind, of which nothing is sent yet: see sendPage. */
export async function beginRewind(client: ClientBase, options: RewindOptions): Promise<Rewind> {
  const { rows } = await client.query<Rewind>(
    `INSERT INTO walmq.rewind (tables, from_time, to_time, key, queue) VALUES ($1, $2, $3, $4, $5) RETURNING ${REWIND_COLUMNS}`,
    [options.tables, ...chosen(options).slice(1), options.queue],
  );
  return rows[0] as Rewind;
}

/** Continues a rewind. Rejects with REWIND_UNKNOWN, or REWIND_ENDED if nothing is left to send. */
export async function findRewind(client: ClientBase, id: string): Promise<Rewind> {
  const { rows } = await client.query<Rewind>(`SELECT ${REWIND_COLUMNS} FROM walmq.rewind WHERE id = $1`, [
    id,
  ]);
  const [rewind] = rows;
  if (!rewind) throw new WalmqError('REWIND_UNKNOWN', `there is no rewind ${id}.`);
  if (rewind.endedAt) throw new WalmqError('REWIND_ENDED', `rewind ${id} has sent all it had to.`);
  return rewind;
}

/**
 * Sends the next changes of a rewind in the order of the stream, as logical messages of one transaction. The
 * same transaction stores the progress, and a page that proves the right to send. So each change is sent
 * once, even after a kill, and capture enqueues it once like any change. Resolves to the number of changes;
 * 0: the rewind has ended.
 */
export async function sendPage(client: ClientBase, id: string, rows: number): Promise<number> {
  await client.query('BEGIN');
  try {
    const found = await client.query<Rewind & { queue: string }>(
      `SELECT ${REWIND_COLUMNS} FROM walmq.rewind WHERE id = $1 FOR UPDATE`,
      [id],
    );
    const rewind = found.rows[0] as Rewind;
    await client.query('INSERT INTO walmq.rewind_page (rewind_id) VALUES ($1)', [id]);
    const { rows: sent } = await client.query<{ last: string | null; sent: number }>(
      `SELECT max(change_id COLLATE "C") AS last, count(pg_logical_emit_message(true, $5, $6 || E'\\n' || page.sent))::int AS sent
         FROM (SELECT change_id, coalesce(change_text, change::text) AS sent FROM walmq.change_log WHERE ${CHOSEN} AND change_id > $7
                ORDER BY change_id LIMIT $8) AS page`,
      [...chosen(rewind), REWIND_PREFIX, JSON.stringify(rewind.queue), rewind.lastChangeId, rows],
    );
    const { last = null, sent: count = 0 } = sent[0] ?? {};
    await client.query(
      `UPDATE walmq.rewind SET last_change_id = coalesce($2, last_change_id), sent = sent + $3,
              ended_at = CASE WHEN $2::text IS NULL THEN now() END WHERE id = $1`,
      [id, last, count],
    );
    await client.query('COMMIT');
    return count;
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}
