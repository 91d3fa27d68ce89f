import { WalmqError } from '@walmq/change';
import { connectionError, connectionFailure } from '@walmq/postgres';
import { escapeIdentifier, type Pool } from 'pg';

/** What a worker does with a table in schema walmq. */
export interface TableRights {
  /** Name in schema walmq. */
  readonly table: string;
  /** What the worker does with its rows. */
  readonly privileges: readonly ('SELECT' | 'INSERT' | 'UPDATE' | 'DELETE')[];
}

/** What `once`, `effect` and the pruning of their records do. */
export const KIT_RIGHTS: readonly TableRights[] = ['inbox', 'effects'].map(table => ({
  table,
  privileges: ['SELECT', 'INSERT', 'UPDATE', 'DELETE'],
}));

/**
 * Checks that the role may use walmq's tables as a worker does. Rejects with PRIVILEGE_MISSING, which names
 * every missing right and the statement that grants it. A missing table is no error, because not every worker
 * needs it.
 */
export async function checkRights(pool: Pool, wanted: readonly TableRights[]): Promise<void> {
  const pairs = wanted.flatMap(({ table, privileges }) => privileges.map(each => [table, each] as const));
  const { rows } = await pool.query<{ role: string; table: string; privilege: string }>(
    `SELECT current_user AS role, c.relname AS table, w.privilege
       FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS w (name, privilege, place)
       JOIN pg_catalog.pg_namespace n ON n.nspname = 'walmq'
       JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = w.name
      WHERE NOT (has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, w.privilege))
      ORDER BY w.place`,
    [pairs.map(([table]) => table), pairs.map(([, privilege]) => privilege)],
  );
  const [first] = rows;
  if (!first) return;
  const role = escapeIdentifier(first.role);
  const grants = [...new Set(rows.map(({ table }) => table))].map(table => {
    const privileges = rows.filter(row => row.table === table).map(({ privilege }) => privilege);
    return `GRANT ${privileges.join(', ')} ON walmq.${escapeIdentifier(table)} TO ${role};`;
  });
  throw new WalmqError(
    'PRIVILEGE_MISSING',
    `role "${first.role}" lacks ${rows.map(({ table, privilege }) => `${privilege} on walmq.${table}`).join(', ')}.`,
    { remedy: `GRANT USAGE ON SCHEMA walmq TO ${role}; ${grants.join(' ')}` },
  );
}

export interface CheckDatabaseOptions {
  readonly pool: Pool;
  readonly rights: readonly TableRights[];
  readonly onFault: (error: unknown) => void;
  readonly stopping: AbortSignal;
}

const AGAIN_MS = 2000;

/**
 * Asks PostgreSQL with the worker's role until it answers. An absent server comes back by itself; a refusal
 * (role, rights, database, certificate) needs a person. Rejects if the first attempt is refused; a later
 * refusal goes to `onFault`.
 */
export async function checkDatabase(options: CheckDatabaseOptions): Promise<void> {
  const { pool, rights, onFault, stopping } = options;
  try {
    await checkRights(pool, rights);
  } catch (cause) {
    if (cause instanceof WalmqError && cause.code === 'PRIVILEGE_MISSING') throw cause;
    if (connectionFailure(cause).lasting) throw connectionError(cause);
    setTimeout(() => {
      if (!stopping.aborted) void checkDatabase(options).catch(onFault);
    }, AGAIN_MS).unref();
  }
}
