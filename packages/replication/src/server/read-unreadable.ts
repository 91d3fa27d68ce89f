import { formatLsn, type Lsn, qualifiedName } from '@walmq/change';
import { isServersRefusal } from '../stream/failure.js';
import type { SlotReader, Unreadable } from './find-unreadable.js';

/** Details of a transaction that PostgreSQL cannot send. */
export interface UnreadableDetails {
  readonly xid: number;
  /** Changed tables, as qualifiedName writes them, and the number of row changes in each. */
  readonly tables: readonly { readonly table: string; readonly changes: number }[];
}

/**
 * Reads the transaction with the fewest conversions in the server: binary values, the server's own encoding, and only the
 * first 200 bytes of each message. Returns undefined if the server cannot send the transaction in this form either.
 */
export async function readUnreadable(
  { client, slot, publication }: SlotReader,
  { behind }: Unreadable,
): Promise<UnreadableDetails | undefined> {
  const { rows: before } = await client.query<{ mine: string; own: string }>(
    "SELECT current_setting('client_encoding') AS mine, current_setting('server_encoding') AS own",
  );
  const { mine, own } = before[0] as (typeof before)[number];
  const use = (encoding: string) =>
    client.query("SELECT set_config('client_encoding', $1, false)", [encoding]);
  await use(own);
  try {
    const { rows } = await client.query<{
      xid: string;
      schema: string;
      table: string | null;
      changes: number;
    }>(
      `WITH message AS MATERIALIZED (
         SELECT xid, chr(get_byte(data, 0)) AS tag, substr(data, 1, 200) AS head
           FROM pg_logical_slot_peek_binary_changes($1, $2, NULL, 'proto_version', '1', 'publication_names',
                  quote_ident($3), 'messages', 'true', 'binary', 'true')),
       last AS (SELECT * FROM message WHERE xid::text = (SELECT xid::text FROM message WHERE tag = 'C' OFFSET
                  (SELECT greatest(count(*) - 1, 0) FROM message WHERE tag = 'C'))),
       row AS (SELECT xid, ('x' || encode(substr(head, 2, 4), 'hex'))::bit(32)::bigint AS relation FROM last
                WHERE tag IN ('I', 'U', 'D'))
       SELECT (SELECT min(xid::text) FROM last) AS xid,
              n.nspname AS schema, c.relname AS "table", count(*)::int AS changes
         FROM row LEFT JOIN pg_class c ON c.oid::bigint = row.relation LEFT JOIN pg_namespace n ON n.oid = c.relnamespace
        GROUP BY 2, 3 ORDER BY 2, 3`,
      [slot, formatLsn(behind), publication],
    );
    const [first] = rows;
    if (!first) return undefined;
    return {
      xid: Number(first.xid),
      tables: rows.map(({ schema, table, changes }) => ({
        table: table === null ? 'a table that is gone' : qualifiedName({ schema, table }),
        changes,
      })),
    };
  } catch (error) {
    if (!isServersRefusal((error as { code?: string }).code ?? '')) throw error;
    return undefined;
  } finally {
    await use(mine);
  }
}

/** Counts the transactions before the unreadable one that commit after `enqueued`, so that no queue has them yet. */
export async function countUnenqueued(
  { client, slot, publication }: SlotReader,
  { commitLsn }: Unreadable,
  enqueued: Lsn,
): Promise<number> {
  const { rows } = await client.query<{ ends: string }>(
    `SELECT encode(substr(data, 11, 8), 'hex') AS ends
       FROM pg_logical_slot_peek_binary_changes($1, $2, NULL, 'proto_version', '1', 'publication_names',
              quote_ident($3), 'messages', 'true')
      WHERE chr(get_byte(data, 0)) = 'C'`,
    [slot, formatLsn(commitLsn), publication],
  );
  return rows.filter(({ ends }) => BigInt(`0x${ends}`) > enqueued).length;
}
