import { type Change, type Json, sqlTable } from '@walmq/change';
import { EVENT_PREFIX } from '@walmq/replication';
import { escapeIdentifier, escapeLiteral, type PoolClient } from 'pg';

/**
 * Sends an event again, unchanged, within the open transaction, so that capture reads it behind everything that is
 * committed: a message is sent again, byte by byte; a row of an outbox is written again, with its id.
 * `json` is the change as it was enqueued: parsed, large numbers would lose their last digits.
 */
export async function sendAgain(tx: PoolClient, change: Change, json: string): Promise<void> {
  if (change.op === 'message') await sendMessage(tx, change);
  else await writeRow(tx, change, json);
}

async function sendMessage(tx: PoolClient, { after }: Change): Promise<void> {
  const { queue, content } = after as { queue: string; content: string };
  // As text, which the server keeps in its own encoding: what is sent again has been read as UTF-8.
  await tx.query(
    "SELECT pg_logical_emit_message(true, $1::text, convert_from(decode($2, 'base64'), 'UTF8'))",
    [EVENT_PREFIX + queue, content],
  );
}

interface Column {
  readonly name: string;
  readonly isBytea: boolean;
}

/** Replaces the row where it still exists: a deleted row is no event. */
async function writeRow(tx: PoolClient, { schema, table, key, after }: Change, json: string): Promise<void> {
  const target = sqlTable({ schema, table });
  const { rows } = await tx.query<Column>(
    `SELECT attname AS name, atttypid = 'bytea'::regtype AS "isBytea" FROM pg_attribute
      WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = '' ORDER BY attnum`,
    [target],
  );
  const written = rows.filter(({ name }) => Object.hasOwn(after as Record<string, Json>, name));
  const values = written.map(({ name, isBytea }) =>
    isBytea ? bytes(name) : `sent.${escapeIdentifier(name)}`,
  );
  const sent = `jsonb_populate_record(NULL::${target}, $1::jsonb -> 'after') AS sent`;
  const same = Object.keys(key ?? {}).map(
    name => `old.${escapeIdentifier(name)} = sent.${escapeIdentifier(name)}`,
  );
  if (same.length > 0)
    await tx.query(`DELETE FROM ${target} AS old USING ${sent} WHERE ${same.join(' AND ')}`, [json]);
  const names = written.map(({ name }) => escapeIdentifier(name)).join(', ');
  await tx.query(
    `INSERT INTO ${target} (${names}) OVERRIDING SYSTEM VALUE SELECT ${values.join(', ')} FROM ${sent}`,
    [json],
  );
}

function bytes(name: string): string {
  return `decode($1::jsonb -> 'after' ->> ${escapeLiteral(name)}, 'base64')`;
}
