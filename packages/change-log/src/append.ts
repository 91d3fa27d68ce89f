import type { Change } from '@walmq/change';
import type { PoolClient } from 'pg';

/** Appends a change; resolves to false when it is in the log already. */
export async function append(tx: PoolClient, change: Change): Promise<boolean> {
  const { rowCount } = await tx.query(
    `INSERT INTO walmq.change_log (change_id, committed_at, schema_name, table_name, change)
     VALUES ($1, $2, $3, $4, $5) ON CONFLICT (change_id, committed_at) DO NOTHING`,
    [change.id, change.tx.committedAt, change.schema, change.table, JSON.stringify(change)],
  );
  return rowCount === 1;
}
