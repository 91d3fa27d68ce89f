import type { Pool, PoolClient, QueryResult, QueryResultRow } from 'pg';
import type { DatabasePool } from '../own-clients.js';
import { poolExhausted } from './pool-exhausted.js';

/** Where a transaction runs, and when it is given up. */
export interface TransactionOptions {
  readonly pool: DatabasePool;
  /** Closes the connection when it aborts, so that nothing of the transaction remains. Default: never. */
  readonly signal?: AbortSignal;
  /**
   * Milliseconds after which PostgreSQL ends a statement for which nobody waits any more. Undefined: the server's
   * setting.
   */
  readonly deadlineMs?: number;
}

/** The result of a transaction, and its last statement. */
export interface Ending<T> {
  readonly result: T;
  /** Statement to send together with COMMIT. Undefined: none. */
  readonly last?: string | undefined;
}

/**
 * Runs `act` in a transaction and commits everything that it did, or nothing. Rejects with POOL_EXHAUSTED if all
 * connections of the pool are in use, and with SQLSTATE 25P02 if `act` continued after a failed statement.
 */
export async function inTransaction<T>(
  options: TransactionOptions,
  act: (tx: PoolClient) => Promise<T>,
): Promise<T> {
  return await inShortTransaction(options, undefined, async tx => ({ result: await act(tx) }));
}

/**
 * Like inTransaction, with two round trips less. Sends `first` together with BEGIN and passes its rows to `act`. Sends
 * the last statement, which `act` returns, together with COMMIT. These statements contain their values, not parameters.
 */
export async function inShortTransaction<T, R extends QueryResultRow>(
  { pool, signal, deadlineMs }: TransactionOptions,
  first: string | undefined,
  act: (tx: PoolClient, firstRows: readonly R[]) => Promise<Ending<T>>,
): Promise<T> {
  signal?.throwIfAborted();
  const tx = await (pool as Pool).connect().catch(error => {
    throw poolExhausted(pool, error);
  });
  let released = false;
  const release = (fault?: Error) => {
    if (released) return;
    released = true;
    tx.release(fault);
  };
  const abandon = () => release(new Error('the transaction was abandoned'));
  signal?.addEventListener('abort', abandon, { once: true });
  // Only this event reports a connection that is lost between two statements. The next statement rejects.
  tx.on('error', release);
  try {
    const limit = deadlineMs === undefined ? undefined : `SET LOCAL statement_timeout = ${deadlineMs}`;
    const begun = await send<R>(tx, ['BEGIN', limit, first]);
    const { result, last } = await act(tx, first === undefined ? [] : begun.rows);
    const { command } = await send(tx, [last, 'COMMIT']);
    // If an earlier statement failed, PostgreSQL answers COMMIT with ROLLBACK, not with an error: nothing is committed.
    if (command !== 'COMMIT') throw rolledBack();
    return result;
  } catch (error) {
    // Do not return a connection to the pool if it cannot even roll back.
    await tx.query('ROLLBACK').catch(release);
    throw error;
  } finally {
    signal?.removeEventListener('abort', abandon);
    release();
    tx.off('error', release);
  }
}

/** Sends several statements in one message. Resolves to the result of the last one. */
async function send<R extends QueryResultRow>(
  tx: PoolClient,
  statements: readonly (string | undefined)[],
): Promise<QueryResult<R>> {
  const text = statements.filter(statement => statement !== undefined).join('; ');
  // For several statements the driver returns a list, which its types do not declare.
  const results = (await tx.query<R>(text)) as QueryResult<R> | QueryResult<R>[];
  return Array.isArray(results) ? (results.at(-1) as QueryResult<R>) : results;
}

/** The error, with the SQLSTATE with which PostgreSQL rejects any further statement of a failed transaction. */
function rolledBack(): Error {
  return Object.assign(new Error('the transaction was rolled back, because a statement in it had failed'), {
    code: '25P02',
  });
}
