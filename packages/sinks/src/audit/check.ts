import { parseTableName, WalmqError } from '@walmq/change';
import type { Pool } from 'pg';
import type { AuditRules } from './load.js';

/**
 * Throws OWN_TABLE_MISSING, OWN_TABLE_OUTDATED: the worker has no right to create or alter tables, and needs
 * none.
 */
export async function checkAuditTable(pool: Pool): Promise<void> {
  const { rows } = await pool.query<{ there: boolean; current: boolean }>(
    `SELECT to_regclass('walmq.audit') IS NOT NULL AS there,
            EXISTS (SELECT FROM pg_attribute WHERE attrelid = to_regclass('walmq.audit') AND attname = 'exact'
                       AND NOT attisdropped) AS current`,
  );
  const { there, current } = rows[0] as (typeof rows)[number];
  if (!there)
    throw new WalmqError('OWN_TABLE_MISSING', 'there is no table walmq.audit.', {
      remedy: 'Make it: npx walmq setup --audit',
    });
  if (!current)
    throw new WalmqError('OWN_TABLE_OUTDATED', 'walmq.audit was made by an older version.', {
      remedy: 'Add what it lacks, which keeps what it holds: npx walmq setup --audit',
    });
}

/** With a misspelt name a secret would get into a log that nobody can change. Throws COLUMN_MISSING. */
export async function checkAuditRules(pool: Pool, rules: AuditRules): Promise<void> {
  const named = [...rules].flatMap(([table, { leaveOut, mask }]) =>
    [...leaveOut, ...mask].map(column => ({ table, column })),
  );
  const { rows } = await pool.query<{ name: string }>(
    `SELECT n.written || '.' || n.column AS name
       FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS n (written, schema, "table", "column")
      WHERE NOT EXISTS (SELECT FROM information_schema.columns c
                         WHERE c.table_schema = n.schema AND c.table_name = n.table AND c.column_name = n.column)`,
    [
      named.map(({ table }) => table),
      named.map(({ table }) => parseTableName(table)?.schema),
      named.map(({ table }) => parseTableName(table)?.table),
      named.map(({ column }) => column),
    ],
  );
  if (rows.length === 0) return;
  throw new WalmqError(
    'COLUMN_MISSING',
    `the audit configuration names columns that do not exist: ${rows.map(({ name }) => name).join(', ')}.`,
    { remedy: 'Correct their names in walmq.audit.ts: a misspelt one would be kept as it is.' },
  );
}
