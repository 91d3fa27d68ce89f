import type { ChangeTransaction } from '@walmq/change';
import { escapeLiteral, type PoolClient } from 'pg';
import type { DatabasePool } from '../own-clients.js';
import { throughConflicts } from './conflicts.js';
import { fromColumn, toColumn } from './result-column.js';
import { sourceOf } from './schema.js';
import { isShown, type SnapshotText } from './snapshot.js';
import { inShortTransaction } from './transaction.js';
import { untilEnded } from './visible.js';

/** Which change an effect belongs to, and where it is recorded. */
export interface OnceOptions {
  readonly pool: DatabasePool;
  readonly queue: string;
  readonly changeId: string;
  /** Id of the BullMQ job of the change. While the job exists, the change may be delivered again. */
  readonly jobId: string;
  /** The change's transaction, which the effect must see. Undefined: the effect does not wait for it. */
  readonly tx?: ChangeTransaction | undefined;
  /** Closes the transaction's connection when it aborts, so that nothing of the effect remains. */
  readonly signal: AbortSignal;
  /** Milliseconds after which PostgreSQL ends a statement for which nobody waits any more. */
  readonly deadlineMs: number;
}

/** Thrown to roll back a transaction that does not see the change's transaction. */
class NotShown extends Error {
  readonly snapshot: SnapshotText;

  constructor(snapshot: SnapshotText) {
    super('the transaction of the change is not visible');
    this.snapshot = snapshot;
  }
}

/**
 * Runs an effect in PostgreSQL, exactly once: the effect and its inbox row are committed in one transaction. If the
 * change is delivered again, the call finds the row and resolves to the recorded result. If two workers have the same
 * change, one waits at the row's unique index for the other's commit. After a conflict the effect may run again in a
 * new transaction. The effect sees everything that the change's transaction has committed. The call waits for that if
 * necessary and may throw CHANGE_NOT_VISIBLE.
 */
export async function once<T>(options: OnceOptions, effect: (tx: PoolClient) => Promise<T>): Promise<T> {
  try {
    return await throughConflicts(() => recordOnce(options, effect));
  } catch (error) {
    if (!(error instanceof NotShown) || !options.tx) throw error;
    await untilEnded({ ...options, tx: options.tx }, error.snapshot);
    return await once({ ...options, tx: undefined }, effect);
  }
}

/**
 * Sends BEGIN together with the INSERT of the inbox row, and COMMIT together with the UPDATE of its result: two round
 * trips in addition to those of the effect. Such statements have no parameters and are not prepared. A round trip costs
 * more than planning an INSERT of one row.
 */
async function recordOnce<T>(options: OnceOptions, effect: (tx: PoolClient) => Promise<T>): Promise<T> {
  const { queue, changeId, jobId, tx: awaited } = options;
  const source = sourceOf(jobId);
  // Insert the row first: a second worker with this change waits here until we commit or roll back.
  const insert = `INSERT INTO walmq.inbox (queue, change_id, job_id)
     VALUES (${[queue, changeId, jobId].map(escapeLiteral).join(', ')})
     ON CONFLICT DO NOTHING RETURNING pg_current_snapshot()::text AS snapshot`;
  return await inShortTransaction<T, { snapshot: SnapshotText }>(options, insert, async (tx, [own]) => {
    if (!own) {
      const { rows } = await tx.query<{ result: unknown }>(
        'SELECT result FROM walmq.inbox WHERE queue = $1 AND change_id = $2 AND source = $3',
        [queue, changeId, source],
      );
      return { result: fromColumn<T>(rows[0]?.result) };
    }
    if (awaited && !isShown(own.snapshot, awaited.xid)) throw new NotShown(own.snapshot);
    const result = await effect(tx);
    const column = toColumn(result);
    if (column === null) return { result };
    const [name, id, from] = [queue, changeId, source].map(escapeLiteral);
    const last = `UPDATE walmq.inbox SET result = ${escapeLiteral(column)}
      WHERE queue = ${name} AND change_id = ${id} AND source = ${from}`;
    return { result, last };
  });
}
