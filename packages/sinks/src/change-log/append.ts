import { type Change, jsonMembers } from '@walmq/change';
import { type DatabasePool, inTransaction } from '@walmq/worker';

interface AppendOptions {
  readonly pool: DatabasePool;
  readonly signal: AbortSignal;
}

/** A change, and its JSON text as it was enqueued. */
export interface Logged {
  readonly change: Change;
  readonly json: string;
}

/**
 * Appends changes; resolves, for each, to false when it is in the log already. What even the type json refuses, since it is
 * nested too deep, is kept as text. Among several changes it fails them all, and the kit finds the one by itself.
 */
export async function append(changes: readonly Logged[], options: AppendOptions): Promise<boolean[]> {
  try {
    return await insert('change', changes, options);
  } catch (error) {
    if (changes.length > 1 || !/^(22|54)...$/.test(String((error as { code?: unknown }).code))) throw error;
    return await insert('change_text', changes, options);
  }
}

async function insert(
  column: 'change' | 'change_text',
  changes: readonly Logged[],
  options: AppendOptions,
): Promise<boolean[]> {
  const type = column === 'change' ? 'json' : 'text';
  const { rows } = await inTransaction(options, client =>
    client.query<{ change_id: string }>(
      `INSERT INTO walmq.change_log (change_id, committed_at, schema_name, table_name, key, ${column})
       SELECT c.id, c.committed_at, c.schema_name, c.table_name, walmq.change_log_jsonb(c.key), c.change
         FROM unnest($1::text[], $2::timestamptz[], $3::text[], $4::text[], $5::text[], $6::${type}[])
           AS c (id, committed_at, schema_name, table_name, key, change)
       ON CONFLICT (change_id, committed_at) DO NOTHING RETURNING change_id`,
      [
        changes.map(({ change }) => change.id),
        changes.map(({ change }) => change.tx.committedAt),
        changes.map(({ change }) => change.schema),
        changes.map(({ change }) => change.table),
        changes.map(({ json }) => keyOf(json)),
        changes.map(({ json }) => json),
      ],
    ),
  );
  const appended = new Set(rows.map(row => row.change_id));
  // A change that comes twice among them is appended once.
  return changes.map(({ change }) => appended.delete(change.id));
}

function keyOf(json: string): string | null {
  const key = jsonMembers(json)?.get('key') ?? 'null';
  return key === 'null' ? null : key;
}
