import { type Change, type Row, type TableName, tableName } from '@walmq/change';
import type { ClientBase } from 'pg';
import type { LogName } from './trace.js';

/** A change as a log has it. */
export interface LoggedChange {
  readonly log: LogName;
  readonly change: Change;
}

/** Changes of one log, and why there are none if that is not an answer. */
export interface LogAnswer {
  readonly log: LogName;
  readonly changes: readonly LoggedChange[];
  /** `missing`: not set up. `forbidden`: this role may not read it. `unindexed`: made by an older version. */
  readonly problem?: 'missing' | 'forbidden' | 'unindexed';
  /** Commit time of the oldest record; null for an empty log. */
  readonly since?: string | null;
  readonly isWhole?: boolean;
}

/** Which changes to look up. */
export type LogQuestion =
  | { readonly table: TableName; readonly keys: readonly string[] }
  | { readonly changeIds: readonly string[] };

interface LogTable {
  readonly log: LogName;
  readonly name: string;
  /** Index by key. Without it a search by key would read the whole log. */
  readonly index: string;
  readonly columns: string;
}

/** As a change has its times, whatever the session's time zone. */
function utc(column: string): string {
  return `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;
}

const LOGS: readonly LogTable[] = [
  {
    log: 'audit',
    name: 'walmq.audit',
    index: 'walmq.audit_key',
    columns: `json_build_object('id', change_id, 'op', op, 'schema', schema_name, 'table', table_name, 'key', key,
      'before', before, 'after', after, 'changed', changed, 'unchanged', unchanged, 'context', context,
      'tx', json_build_object('xid', xid, 'committedAt', ${utc('committed_at')}))`,
  },
  {
    log: 'change-log',
    name: 'walmq.change_log',
    index: 'walmq.change_log_key',
    columns: 'change',
  },
];

/** Number of changes of one row to read from a log, newest first. */
const MOST_LOGGED = 500;

/** Looks changes up in both logs, by index only. */
export async function readLogs(client: ClientBase, question: LogQuestion): Promise<LogAnswer[]> {
  const answers: LogAnswer[] = [];
  for (const table of LOGS) answers.push(await readLog(client, table, question));
  return answers;
}

async function readLog(client: ClientBase, table: LogTable, question: LogQuestion): Promise<LogAnswer> {
  const { log, name, index, columns } = table;
  const facts = await client.query<{ there: boolean; indexed: boolean }>(
    'SELECT to_regclass($1) IS NOT NULL AS there, to_regclass($2) IS NOT NULL AS indexed',
    [name, index],
  );
  const { there, indexed } = facts.rows[0] as (typeof facts.rows)[number];
  if (!there) return { log, changes: [], problem: 'missing' };
  if ('keys' in question && !indexed) return { log, changes: [], problem: 'unindexed' };
  try {
    const since = await client.query<{ since: string | null }>(
      `SELECT ${utc('committed_at')} AS since FROM ${name} ORDER BY committed_at LIMIT 1`,
    );
    const { rows } = await client.query<{ change: Change | null }>(
      'keys' in question
        ? `SELECT ${columns} AS change FROM ${name}
            WHERE jsonb_hash_extended(key, 0) = ANY (ARRAY(SELECT jsonb_hash_extended(k, 0) FROM unnest($1::jsonb[]) k))
              AND key = ANY ($1::jsonb[]) AND schema_name = $2 AND table_name = $3
            ORDER BY committed_at DESC, change_id DESC LIMIT ${MOST_LOGGED}`
        : `SELECT ${columns} AS change FROM ${name} WHERE change_id = ANY ($1::text[]) LIMIT ${MOST_LOGGED}`,
      'keys' in question
        ? [question.keys, question.table.schema, question.table.table]
        : [question.changeIds],
    );
    return {
      log,
      changes: rows.flatMap(({ change }) => (change ? [{ log, change }] : [])),
      since: since.rows[0]?.since ?? null,
      isWhole: rows.length < MOST_LOGGED,
    };
  } catch (error) {
    if (String((error as { code?: unknown }).code) === '42501')
      return { log, changes: [], problem: 'forbidden' };
    throw error;
  }
}

/** The table of a change, as configuration and handlers name it; null for an event, which has none. */
export function tableOfChange({ schema, table, op }: Pick<Change, 'schema' | 'table' | 'op'>): string | null {
  return op === 'message' ? null : tableName({ schema, table });
}

/** Null for a change that has no key. */
export function keyOfChange({ key }: Pick<Change, 'key'>): Row | null {
  return (key as Row | null) ?? null;
}
