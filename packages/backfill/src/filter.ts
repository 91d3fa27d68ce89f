import { sqlIdentifier, sqlTable, WalmqError } from '@walmq/change';
import type { ClientBase } from 'pg';
import { chunkSql } from './chunk-sql.js';
import type { KeyedTable } from './keyed-table.js';
import { oneStatement } from './one-statement.js';

interface Plan {
  readonly 'Plan Rows': number;
}

/** Rejects as `estimateRows` does, with BACKFILL_FILTER if PostgreSQL rejects the condition. Reads no row. */
export async function checkFilter(client: ClientBase, table: KeyedTable, filter: string): Promise<void> {
  const sql = chunkSql({ table, filter, after: null, until: null, rows: 1 });
  await explain(client, sql, { table, filter });
}

/** The planner's estimate of the rows that the filter takes, or of all rows. Rejects with PRIVILEGE_MISSING. */
export async function estimateRows(
  client: ClientBase,
  table: KeyedTable,
  filter: string | null,
): Promise<number> {
  const condition = filter === null ? '' : ` WHERE (${filter}\n)`;
  const plan = await explain(client, `SELECT FROM ${table.from}${condition}`, { table, filter });
  return plan['Plan Rows'];
}

/** SQLSTATE insufficient_privilege. */
const DENIED = '42501';

async function explain(
  client: ClientBase,
  sql: string,
  { table, filter }: { table: KeyedTable; filter: string | null },
): Promise<Plan> {
  await client.query('BEGIN READ ONLY');
  try {
    const { rows } = await client.query<{ 'QUERY PLAN': readonly { Plan: Plan }[] }>(
      oneStatement(`EXPLAIN (FORMAT JSON) ${sql}`),
    );
    return rows[0]?.['QUERY PLAN'][0]?.Plan as Plan;
  } catch (cause) {
    const { code, message } = cause as { code?: string; message: string };
    if (code === DENIED || filter === null) throw await denied(client, table, cause);
    throw new WalmqError(
      'BACKFILL_FILTER',
      `PostgreSQL does not take --where ${JSON.stringify(filter)}: ${message}.`,
      {
        remedy: `Write a condition on the columns of the table, as in SELECT ... WHERE <condition>.`,
        cause,
      },
    );
  } finally {
    await client.query('ROLLBACK').catch(() => undefined);
  }
}

async function denied(client: ClientBase, { relation }: KeyedTable, cause: unknown): Promise<WalmqError> {
  await client.query('ROLLBACK');
  const { rows } = await client.query<{ role: string }>('SELECT quote_ident(current_user) AS role');
  const role = rows[0]?.role;
  return new WalmqError(
    'PRIVILEGE_MISSING',
    `${sqlTable(relation)} cannot be read: ${(cause as Error).message}.`,
    {
      remedy: `Run GRANT USAGE ON SCHEMA ${sqlIdentifier(relation.schema)} TO ${role}; GRANT SELECT ON ${sqlTable(relation)} TO ${role}; and the same for the role of capture.`,
      cause,
    },
  );
}
