import type { Pool, QueryResult, QueryResultRow } from 'pg';
import { poolExhausted } from './pool-exhausted.js';

/** One statement on a connection of the pool. Rejects with POOL_EXHAUSTED where the pool has none to give. */
export async function run<R extends QueryResultRow>(
  { pool, deadlineMs }: { readonly pool: Pool; readonly deadlineMs: number },
  text: string,
  values: unknown[],
): Promise<QueryResult<R>> {
  // A limit on the driver's side: PostgreSQL's own statement_timeout needs an answer that arrives.
  const statement = { text, values, query_timeout: deadlineMs };
  return await pool.query<R>(statement).catch(error => {
    throw poolExhausted(pool, error);
  });
}
