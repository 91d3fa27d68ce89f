import type { Pool, PoolClient, QueryResult, QueryResultRow } from 'pg';
import { poolExhausted } from './pool-exhausted.js';

export interface TransactionOptions {
  readonly pool: Pool;
  /** When it aborts, the connection is closed, and nothing of the transaction remains. Default: never. */
  readonly signal?: AbortSignal;
  /**
   * Milliseconds after which PostgreSQL ends a statement that no one waits for any more; undefined: the
   * server's setting.
   */
  readonly deadlineMs?: number;
}

/** What a transaction ends with. */
export interface Ending<T> {
  readonly result: T;
  /** A statement that is sent together with COMMIT; undefined: none. */
  readonly last?: string | undefined;
}

/**
 * Commits what `act` did, or nothing of it. Rejects with POOL_EXHAUSTED where the pool has none to give, and with SQLSTATE
 * 25P02 where `act` went on after a statement had failed.
 */
export async function inTransaction<T>(
  options: TransactionOptions,
  act: (tx: PoolClient) => Promise<T>,
): Promise<T> {
  return await inShortTransaction(options, undefined, async tx => ({ result: await act(tx) }));
}

/**
 * The same in two round trips less: `first` is sent together with BEGIN, and its result is given to `act`; what `act` names
 * as the last statement is sent together with COMMIT. Such statements have no parameters: they are written out.
 */
export async function inShortTransaction<T, R extends QueryResultRow>(
  { pool, signal, deadlineMs }: TransactionOptions,
  first: string | undefined,
  act: (tx: PoolClient, firstRows: readonly R[]) => Promise<Ending<T>>,
): Promise<T> {
  signal?.throwIfAborted();
  const tx = await pool.connect().catch(error => {
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
  // A connection that is lost between two statements reports it only here; the next statement rejects.
  tx.on('error', release);
  try {
    const limit = deadlineMs === undefined ? undefined : `SET LOCAL statement_timeout = ${deadlineMs}`;
    const begun = await send<R>(tx, ['BEGIN', limit, first]);
    const { result, last } = await act(tx, first === undefined ? [] : begun.rows);
    const { command } = await send(tx, [last, 'COMMIT']);
    // PostgreSQL answers so, and not with an error, where a statement had failed before: nothing is committed.
    if (command !== 'COMMIT') throw rolledBack();
    return result;
  } catch (error) {
    // Do not return a connection to the pool that cannot even roll back.
    await tx.query('ROLLBACK').catch(release);
    throw error;
  } finally {
    signal?.removeEventListener('abort', abandon);
    release();
    tx.off('error', release);
  }
}

/** Several statements in one message; resolves to the last one's result. */
async function send<R extends QueryResultRow>(
  tx: PoolClient,
  statements: readonly (string | undefined)[],
): Promise<QueryResult<R>> {
  const text = statements.filter(statement => statement !== undefined).join('; ');
  // Of several statements the driver gives a list, which its types do not know.
  const results = (await tx.query<R>(text)) as QueryResult<R> | QueryResult<R>[];
  return Array.isArray(results) ? (results.at(-1) as QueryResult<R>) : results;
}

/** As PostgreSQL calls any further statement of such a transaction. */
function rolledBack(): Error {
  return Object.assign(new Error('the transaction was rolled back, because a statement in it had failed'), {
    code: '25P02',
  });
}
