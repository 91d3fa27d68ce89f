import { type Change, jsonMembers } from '@walmq/change';
import { inTransaction } from '@walmq/worker';
import type { Pool } from 'pg';

interface AppendOptions {
  readonly pool: Pool;
  readonly signal: AbortSignal;
}

/**
 * Appends a change with its JSON text as it was enqueued; resolves to false if the log already has it. JSON
 * that even the type json rejects, because of its depth, is kept as text.
 */
export async function append(change: Change, json: string, options: AppendOptions): Promise<boolean> {
  try {
    return await insert('change', change, json, options);
  } catch (error) {
    if (!/^(22|54)...$/.test(String((error as { code?: unknown }).code))) throw error;
    return await insert('change_text', change, json, options);
  }
}

async function insert(
  column: 'change' | 'change_text',
  { id, tx, schema, table }: Change,
  json: string,
  options: AppendOptions,
): Promise<boolean> {
  const key = jsonMembers(json)?.get('key') ?? 'null';
  const { rowCount } = await inTransaction(options, client =>
    client.query(
      `INSERT INTO walmq.change_log (change_id, committed_at, schema_name, table_name, key, ${column})
       VALUES ($1, $2, $3, $4, walmq.change_log_jsonb($5), $6) ON CONFLICT (change_id, committed_at) DO NOTHING`,
      [id, tx.committedAt, schema, table, key === 'null' ? null : key, json],
    ),
  );
  return rowCount === 1;
}
