import type { QueryClient } from '../query-client.js';
import { transactionRequired } from '../transaction-required.js';

/** Kysely's transaction: the argument of `db.transaction().execute(async trx => ...)`. */
export interface KyselyTransaction {
  readonly isTransaction: boolean;
  // The arguments of Kysely's own method are no part of what an application may pass here.
  executeQuery(query: never): Promise<{ readonly rows: unknown[] }>;
}

/** Queries run on the connection of Kysely's transaction. Throws TRANSACTION_REQUIRED for a `Kysely` that has none. */
export function fromKysely(trx: KyselyTransaction): QueryClient {
  if (!trx.isTransaction) throw transactionRequired('the first argument is a Kysely without a transaction');
  return { query: (text, values) => trx.executeQuery(compiled(text, values) as never) };
}

/** As `CompiledQuery.raw` of Kysely makes a query. */
function compiled(sql: string, parameters: unknown[]): object {
  const query = { kind: 'RawNode', sqlFragments: [sql], parameters: [] };
  return { sql, query, parameters, queryId: { queryId: crypto.randomUUID() } };
}
