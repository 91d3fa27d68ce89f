import type { QueryClient } from '../query-client.js';
import { transactionRequired } from '../transaction-required.js';
import { withQuestionMarks } from './question-marks.js';

/** MikroORM's EntityManager for SQL: the argument of `em.transactional(async em => ...)`. */
export interface MikroOrmTransaction {
  isInTransaction(): boolean;
  execute(sql: string, parameters: never): Promise<unknown>;
}

/** Queries run on the connection of MikroORM's transaction. Throws TRANSACTION_REQUIRED outside one. */
export function fromMikroOrm(em: MikroOrmTransaction): QueryClient {
  if (!em.isInTransaction())
    throw transactionRequired('the first argument is an EntityManager without a transaction');
  return {
    async query(text, values) {
      const { sql, bindings } = withQuestionMarks(text, values);
      return await em.execute(sql, bindings as never);
    },
  };
}
