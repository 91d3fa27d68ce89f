import type { Pool, PoolClient } from 'pg';
import { poolExhausted } from './pool-exhausted.js';

export interface TransactionOptions {
  readonly pool: Pool;
  /** When it aborts, the connection is closed: nothing of the transaction remains. Default: it never does. */
  readonly signal?: AbortSignal;
  /** Milliseconds after which PostgreSQL gives up a statement that nobody waits for any more; undefined: as it is set. */
  readonly deadlineMs?: number;
}

/** Commits what `act` did, or nothing of it. Rejects with POOL_EXHAUSTED where the pool has none to give. */
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
  // A connection lost between two statements says so here, and nowhere else; the next statement rejects.
  tx.on('error', release);
  try {
    await tx.query(deadlineMs === undefined ? 'BEGIN' : `BEGIN; SET LOCAL statement_timeout = ${deadlineMs}`);
    const result = await act(tx);
    await tx.query('COMMIT');
    return result;
  } catch (error) {
    // A connection that cannot even roll back is not given to anyone else.
    await tx.query('ROLLBACK').catch(release);
    throw error;
  } finally {
    signal?.removeEventListener('abort', abandon);
    release();
    tx.off('error', release);
  }
}
