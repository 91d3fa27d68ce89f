import type { PoolClient } from 'pg';
import type { AuditRecord } from './record.js';

/** Appends a record; resolves to false when the change is in the log already. */
export async function append(tx: PoolClient, record: AuditRecord): Promise<boolean> {
  const { rowCount } = await tx.query(
    `INSERT INTO walmq.audit (change_id, committed_at, xid, schema_name, table_name, op, key, before, after, changed, unchanged, context)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
     ON CONFLICT (change_id, committed_at) DO NOTHING`,
    [
      ...[
        record.change_id,
        record.committed_at,
        record.xid,
        record.schema_name,
        record.table_name,
        record.op,
      ],
      ...[record.key, record.before, record.after].map(toJson),
      ...[record.changed, record.unchanged, toJson(record.context)],
    ],
  );
  return rowCount === 1;
}

/** As text: node-postgres would make a PostgreSQL array of a JSON one. */
function toJson(value: object | null): string | null {
  return value === null ? null : JSON.stringify(value);
}
