import { WalmqError } from '@walmq/change';
import type { ClientBase } from 'pg';
import { chunkSql } from './chunk-sql.js';
import type { KeyedTable } from './keyed-table.js';
import { oneStatement } from './one-statement.js';

interface Plan {
  readonly 'Plan Rows': number;
}

/** Rejects with BACKFILL_FILTER when PostgreSQL does not take the condition; reads no row. */
export async function checkFilter(client: ClientBase, table: KeyedTable, filter: string): Promise<void> {
  await explain(client, chunkSql({ table, filter, after: null, until: null, rows: 1 }), filter);
}

/** The planner's estimate of the rows the filter takes, or of all. */
export async function estimateRows(
  client: ClientBase,
  table: KeyedTable,
  filter: string | null,
): Promise<number> {
  const condition = filter === null ? '' : ` WHERE (${filter}\n)`;
  return (await explain(client, `SELECT FROM ${table.from}${condition}`, filter ?? ''))['Plan Rows'];
}

async function explain(client: ClientBase, sql: string, filter: string): Promise<Plan> {
  await client.query('BEGIN READ ONLY');
  try {
    const { rows } = await client.query<{ 'QUERY PLAN': readonly { Plan: Plan }[] }>(
      oneStatement(`EXPLAIN (FORMAT JSON) ${sql}`),
    );
    return rows[0]?.['QUERY PLAN'][0]?.Plan as Plan;
  } catch (cause) {
    throw new WalmqError(
      'BACKFILL_FILTER',
      `PostgreSQL does not take --where ${JSON.stringify(filter)}: ${(cause as Error).message}.`,
      {
        remedy: `Write a condition on the columns of the table, as in SELECT ... WHERE <condition>.`,
        cause,
      },
    );
  } finally {
    await client.query('ROLLBACK').catch(() => undefined);
  }
}
