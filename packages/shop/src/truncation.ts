import type { PoolClient } from 'pg';

/** The part of a change that is needed. */
interface Placed {
  readonly id: string;
  readonly table: string;
}

/**
 * Notes that this change emptied a table. A truncate is not ordered against the table's other changes:
 * changes of rows that it removed may still come, and find this note.
 */
export async function noteTruncate(tx: PoolClient, { id, table }: Placed): Promise<void> {
  await tx.query('SELECT pg_advisory_xact_lock($1, hashtext($2))', [LOCKS, table]);
  await tx.query(
    `INSERT INTO shop.truncations AS t (table_name, change_id) VALUES ($1, $2)
     ON CONFLICT (table_name) DO UPDATE SET change_id = greatest(t.change_id, excluded.change_id)`,
    [table, id],
  );
}

/**
 * Whether a truncate of the table, later than this change, has been processed. No truncate is processed until
 * the transaction ends.
 */
export async function isTruncatedAfter(tx: PoolClient, { id, table }: Placed): Promise<boolean> {
  return (await lastTruncate(tx, table)) > id;
}

/**
 * The id of the last truncate of the table that has been processed, or an empty text. No other truncate is processed
 * until the transaction ends.
 */
export async function lastTruncate(tx: PoolClient, table: string): Promise<string> {
  await tx.query('SELECT pg_advisory_xact_lock_shared($1, hashtext($2))', [LOCKS, table]);
  const { rows } = await tx.query<{ change_id: string }>(
    'SELECT change_id FROM shop.truncations WHERE table_name = $1',
    [table],
  );
  return rows[0]?.change_id ?? '';
}

/** Separates our advisory locks from others in the database: "shop" in ASCII. */
const LOCKS = 0x73686f70;

/** What a result reports for such a change. */
export const TRUNCATED = 'its table was truncated later';
