import type { Pool } from 'pg';
import type { TableRights } from './rights.js';

/**
 * Checks readiness: a sentence that names the tables in schema walmq that do not exist, or undefined. Set-up creates them. A
 * worker without them runs, but the first handler that uses `once` or `effect` fails. Rejects if PostgreSQL does not answer.
 */
export async function missingTables(pool: Pool, wanted: readonly TableRights[]): Promise<string | undefined> {
  const { rows } = await pool.query<{ name: string }>(
    `SELECT w.name FROM unnest($1::text[]) WITH ORDINALITY AS w (name, place)
      WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
                         WHERE n.nspname = 'walmq' AND c.relname = w.name)
      ORDER BY w.place`,
    [wanted.map(({ table }) => table)],
  );
  if (rows.length === 0) return undefined;
  const tables = rows.map(({ name }) => `walmq.${name}`).join(', ');
  return `the database lacks ${tables}: run "npx walmq setup"`;
}
