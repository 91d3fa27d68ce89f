import type { QueryClient } from '../query-client.js';
import { transactionRequired } from '../transaction-required.js';

/** postgres.js' transaction: the argument of `sql.begin(async sql => ...)`. */
export interface PostgresJsTransaction {
  readonly unsafe: (text: string, values: never) => PromiseLike<unknown>;
  readonly savepoint?: unknown;
}

/** Queries run on the connection of the transaction. Throws TRANSACTION_REQUIRED for `sql` outside `sql.begin`. */
export function fromPostgresJs(sql: PostgresJsTransaction): QueryClient {
  if (typeof sql.savepoint !== 'function')
    throw transactionRequired('the first argument is a postgres.js `sql` outside `sql.begin`');
  return { query: async (text, values) => await sql.unsafe(text, values as never) };
}
