import type { QueryClient } from '../query-client.js';
import { transactionRequired } from '../transaction-required.js';

/** Sequelize's transaction: the argument of `sequelize.transaction(async transaction => ...)`. */
export interface SequelizeTransaction {
  commit(): PromiseLike<void>;
}

/** The instance that opened the transaction. */
export interface SequelizeInstance {
  query(text: string, options: never): PromiseLike<unknown>;
}

/** Queries run on the connection of Sequelize's transaction. Throws TRANSACTION_REQUIRED without one. */
export function fromSequelize(sequelize: SequelizeInstance, transaction: SequelizeTransaction): QueryClient {
  if (typeof transaction?.commit !== 'function')
    throw transactionRequired('the second argument is no Sequelize transaction');
  return {
    async query(text, bind) {
      const answer = await sequelize.query(text, { bind, transaction } as never);
      // [rows, what pg returned]
      return (answer as [unknown[]])[0];
    },
  };
}
