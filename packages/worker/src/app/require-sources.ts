import { WalmqError } from '@walmq/change';
import type { Pool } from 'pg';

/**
 * Rejects with OWN_TABLE_OUTDATED if a table of the kit is of a version that identified changes by id alone.
 * A server that cannot be asked now is no error: the workers wait for it.
 */
export async function requireSources(pool: Pool): Promise<void> {
  const found = await pool
    .query<{ table: string }>(
      `SELECT c.relname AS table FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = 'walmq' AND c.relname IN ('inbox', 'effects') AND c.relkind = 'r'
          AND NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'source')
        ORDER BY 1`,
    )
    .catch(() => undefined);
  if (!found || found.rows.length === 0) return;
  const tables = found.rows.map(({ table }) => `walmq.${table}`).join(' and ');
  throw new WalmqError('OWN_TABLE_OUTDATED', `${tables} is of an earlier version of walmq.`, {
    remedy: 'Run "npx walmq setup", which keeps its rows, and start the worker again.',
  });
}
