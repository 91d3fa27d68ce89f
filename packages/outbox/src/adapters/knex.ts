import type { QueryClient } from '../query-client.js';
import { transactionRequired } from '../transaction-required.js';
import { withQuestionMarks } from './question-marks.js';

/** Knex's transaction: the argument of `knex.transaction(async trx => ...)`. */
export interface KnexTransaction {
  readonly isTransaction?: boolean;
  raw(sql: string, bindings: never): PromiseLike<unknown>;
}

/** Queries run on the connection of Knex's transaction. Throws TRANSACTION_REQUIRED for a `Knex` that has none. */
export function fromKnex(trx: KnexTransaction): QueryClient {
  if (trx.isTransaction !== true)
    throw transactionRequired('the first argument is a Knex without a transaction');
  return {
    async query(text, values) {
      const { sql, bindings } = withQuestionMarks(text, values);
      return await trx.raw(sql, bindings as never);
    },
  };
}
