import type { Pool, QueryResult, QueryResultRow } from 'pg';
import type { DatabasePool } from '../own-clients.js';
import { poolExhausted } from './pool-exhausted.js';

/** Runs one statement on a connection of the pool. Rejects with POOL_EXHAUSTED if all connections are in use. */
export async function run<R extends QueryResultRow>(
  { pool, deadlineMs }: { readonly pool: DatabasePool; readonly deadlineMs: number },
  text: string,
  values: unknown[],
): Promise<QueryResult<R>> {
  // The driver applies the limit: PostgreSQL's statement_timeout does not help if its answer never arrives.
  const statement = { text, values, query_timeout: deadlineMs };
  return await (pool as Pool).query<R>(statement).catch(error => {
    throw poolExhausted(pool, error);
  });
}
