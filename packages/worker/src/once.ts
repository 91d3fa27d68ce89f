import { setTimeout } from 'node:timers/promises';
import type { Pool, PoolClient } from 'pg';
import { toJsonText } from './result-json.js';
import { inTransaction } from './transaction.js';

export interface OnceOptions {
  readonly pool: Pool;
  readonly queue: string;
  readonly changeId: string;
  /** Of the BullMQ job that carries the change: as long as it exists, the change may come again. */
  readonly jobId: string;
  /** When it aborts, the transaction's connection is closed: nothing of the effect remains. */
  readonly signal: AbortSignal;
  /** Milliseconds after which PostgreSQL gives up a statement that nobody waits for any more. */
  readonly deadlineMs: number;
}

/** Serialization failure, deadlock: the transaction did nothing and may be tried again soon. */
const CONFLICTS: ReadonlySet<unknown> = new Set(['40001', '40P01']);
const CONFLICT_ATTEMPTS = 5;
/** The first pause at most, doubled by each conflict: at once, the other transaction would still be there. */
const CONFLICT_PAUSE_MS = 10;

/**
 * An effect in PostgreSQL, exactly once: the effect and the row that says it was made are one transaction. A change
 * that comes again finds the row and gets the recorded result; of two workers with the same change one waits for
 * the other's commit on the row's unique index. The effect may run again after a conflict, in a new transaction.
 */
export async function once<T>(options: OnceOptions, effect: (tx: PoolClient) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await inTransaction(options, tx => recordOnce(tx, options, effect));
    } catch (error) {
      if (attempt >= CONFLICT_ATTEMPTS || !CONFLICTS.has((error as { code?: unknown }).code)) throw error;
      await setTimeout(Math.random() * CONFLICT_PAUSE_MS * 2 ** (attempt - 1));
    }
  }
}

async function recordOnce<T>(
  tx: PoolClient,
  { queue, changeId, jobId }: OnceOptions,
  effect: (tx: PoolClient) => Promise<T>,
): Promise<T> {
  // The row first: a second worker with this change waits here until we commit or roll back.
  const inserted = await tx.query(
    'INSERT INTO walmq.inbox (queue, change_id, job_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING',
    [queue, changeId, jobId],
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
