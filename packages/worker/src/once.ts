import type { Json } from '@walmq/change';
import type { Pool, PoolClient } from 'pg';

/** What a change is to the inbox and to the ledger of effects. */
export interface EffectKey {
  readonly queue: string;
  readonly changeId: string;
}

/** Serialization failure, deadlock: the transaction did nothing and may be tried again at once. */
const CONFLICTS: ReadonlySet<unknown> = new Set(['40001', '40P01']);
const CONFLICT_ATTEMPTS = 5;

/**
 * An effect in PostgreSQL, exactly once: the effect and the row that says it was made are one transaction. A change
 * that comes again finds the row and gets the recorded result; of two workers with the same change one waits for
 * the other's commit on the row's unique index.
 */
export async function once<T>(
  pool: Pool,
  key: EffectKey,
  effect: (tx: PoolClient) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await inTransaction(pool, tx => recordOnce(tx, key, effect));
    } catch (error) {
      if (attempt >= CONFLICT_ATTEMPTS || !CONFLICTS.has((error as { code?: unknown }).code)) throw error;
    }
  }
}

async function recordOnce<T>(
  tx: PoolClient,
  { queue, changeId }: EffectKey,
  effect: (tx: PoolClient) => Promise<T>,
): Promise<T> {
  const inserted = await tx.query(
    'INSERT INTO walmq.inbox (queue, change_id) VALUES ($1, $2) ON CONFLICT DO NOTHING',
    [queue, changeId],
  );
  if (inserted.rowCount === 0) {
    const { rows } = await tx.query<{ result: T }>(
      'SELECT result FROM walmq.inbox WHERE queue = $1 AND change_id = $2',
      [queue, changeId],
    );
    return rows[0]?.result as T;
  }
  const result = await effect(tx);
  await tx.query('UPDATE walmq.inbox SET result = $3 WHERE queue = $1 AND change_id = $2', [
    queue,
    changeId,
    toJsonText(result),
  ]);
  return result;
}

async function inTransaction<T>(pool: Pool, act: (tx: PoolClient) => Promise<T>): Promise<T> {
  const tx = await pool.connect();
  let broken: Error | undefined;
  try {
    await tx.query('BEGIN');
    const result = await act(tx);
    await tx.query('COMMIT');
    return result;
  } catch (error) {
    await tx.query('ROLLBACK').catch((failure: Error) => {
      broken = failure;
    });
    throw error;
  } finally {
    // A connection that could not even roll back is not given to anyone else.
    tx.release(broken);
  }
}

export function toJsonText(result: unknown): string | null {
  return result === undefined ? null : JSON.stringify(result as Json);
}

/** Deletes what is older than `days` from inbox and ledger; resolves to the number of rows. */
export async function pruneInbox(pool: Pool, days: number): Promise<number> {
  const inbox = await pool.query(
    'DELETE FROM walmq.inbox WHERE done_at < now() - make_interval(days => $1)',
    [days],
  );
  const effects = await pool.query(
    'DELETE FROM walmq.effects WHERE done_at < now() - make_interval(days => $1)',
    [days],
  );
  return (inbox.rowCount ?? 0) + (effects.rowCount ?? 0);
}
