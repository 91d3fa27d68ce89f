import type { Pool, PoolClient } from 'pg';
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

/**
 * Commits everything that `act` did, or nothing. Rejects with POOL_EXHAUSTED if the pool has no free
 * connection.
 */
export async function inTransaction<T>(
  { pool, signal, deadlineMs }: TransactionOptions,
  act: (tx: PoolClient) => Promise<T>,
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
    await tx.query(deadlineMs === undefined ? 'BEGIN' : `BEGIN; SET LOCAL statement_timeout = ${deadlineMs}`);
    const result = await act(tx);
    await tx.query('COMMIT');
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
