import { transactionRequired } from './transaction-required.js';

/**
 * One connection, in the transaction to which the call belongs: pg's `Client` or `PoolClient`, TypeORM's `EntityManager`
 * or `QueryRunner`, or what an adapter of this package makes of another library's transaction. Not a pool: a pool runs
 * each query on a connection of its choice, outside the transaction.
 */
export interface QueryClient {
  /** Resolves to rows, to `{ rows }`, or to TypeORM's `[rows, count]`. */
  query(text: string, values: unknown[]): Promise<unknown>;
  /** Only pg's Pool has it. */
  readonly totalCount?: never;
  /** Only TypeORM's DataSource has it. */
  readonly isInitialized?: never;
}

/** What TypeORM's EntityManager and QueryRunner know of their transaction. */
interface TypeOrmClient {
  readonly isTransactionActive?: boolean;
  readonly connection?: { readonly isInitialized?: unknown };
  readonly queryRunner?: { readonly isTransactionActive?: boolean };
}

/** Throws TRANSACTION_REQUIRED for pools and for what has not begun a transaction, where the object shows that. */
export function requireTransaction(client: QueryClient): void {
  const reason = outsideTransaction(client);
  if (reason !== undefined) throw transactionRequired(reason);
}

function outsideTransaction(client: QueryClient): string | undefined {
  if (typeof (client as Partial<QueryClient> | undefined)?.query !== 'function')
    return 'the first argument has no query(text, values)';
  if ('totalCount' in client && 'idleCount' in client) return 'the first argument is a Pool';
  if ('isInitialized' in client) return 'the first argument is a DataSource';
  const { isTransactionActive, connection, queryRunner } = client as TypeOrmClient;
  if (isTransactionActive === false) return 'the QueryRunner has not started a transaction';
  const isEntityManager = isTransactionActive === undefined && connection?.isInitialized !== undefined;
  if (isEntityManager && queryRunner?.isTransactionActive !== true)
    return 'the EntityManager does not belong to a transaction';
  return undefined;
}

/** The rows of an answer, in whichever of its forms a library returns them. */
export function rowsOf(answer: unknown): readonly Readonly<Record<string, unknown>>[] {
  const rows = Array.isArray(answer) ? answer : (answer as { rows?: unknown } | undefined)?.rows;
  if (!Array.isArray(rows)) return [];
  return Array.isArray(rows[0]) ? rows[0] : rows;
}
