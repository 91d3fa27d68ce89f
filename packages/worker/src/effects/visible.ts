import { setTimeout } from 'node:timers/promises';
import { type Change, type ChangeTransaction, WalmqError } from '@walmq/change';
import type { GrowingDelay } from '../failure/thrown.js';
import type { DatabasePool } from '../own-clients.js';
import { run } from './run-statement.js';
import { isShown, nearestXid, type SnapshotText } from './snapshot.js';

type AskOptions = Pick<VisibleOptions, 'pool' | 'deadlineMs'>;

/** Which transaction to wait for, and where. */
export interface VisibleOptions {
  /** Of the database in which the transaction must be visible. */
  readonly pool: DatabasePool;
  /** Milliseconds after which a statement counts as failed. */
  readonly deadlineMs: number;
  /** Ends the wait. */
  readonly signal: AbortSignal;
  /** The change's transaction: its field `tx`. */
  readonly tx: ChangeTransaction;
}

type WaitOptions = Omit<VisibleOptions, 'tx'>;

/** The fields of a change that identify its transaction. */
export type Committed = Pick<Change, 'tx'>;

/** The change's transaction. Undefined for a job that was added by hand without one. */
export function committedIn({ tx }: Committed): ChangeTransaction | undefined {
  return Number.isSafeInteger(tx.xid) && typeof tx.lsn === 'string' ? tx : undefined;
}

/**
 * Maximum milliseconds of a wait, so that the worker becomes free for other changes. Afterwards the change is postponed
 * and uses up no attempt.
 */
const WAIT_MS = 2000;
const PAUSE_MS = 10;
const MAX_PAUSE_MS = 500;
/** Delay before a change is retried after a wait without result. */
const RETRY_AFTER_MS: GrowingDelay = { firstMs: 1000, maxMs: 60_000 };

/** SQLSTATE of "transaction ID is in the future": this server has not begun such a transaction. */
const XID_UNKNOWN = '22023';

/**
 * Waits until every new snapshot of the pool's server shows the change's transaction. A commit is in the WAL, and so at
 * capture, before other sessions see it: for a moment, or until a synchronous standby confirms it. If the transaction is
 * already visible, as it nearly always is, the wait takes one query.
 *
 * On a hot standby, waits until the commit is replayed. Does not wait for a transaction that the server does not know: it
 * belongs to another server, or is too old for the server's memory. Throws CHANGE_NOT_VISIBLE.
 */
export async function untilVisible(options: VisibleOptions): Promise<void> {
  if ((await hiddenOf(options, [options])).length > 0) throw notVisible(options.tx);
}

/** A change whose transaction is awaited. The caller's type may have more fields. */
export interface Waiting {
  readonly tx?: ChangeTransaction | undefined;
}

/** untilVisible for several changes. Resolves to the changes that are still hidden at the end of the wait. */
export async function hiddenOf<W extends Waiting>(
  options: WaitOptions,
  waiting: readonly W[],
): Promise<(W & { tx: ChangeTransaction })[]> {
  const [row] = await ask<{ snapshot: SnapshotText; standby: boolean }>(
    options,
    'SELECT pg_current_snapshot()::text AS snapshot, pg_is_in_recovery() AS standby',
  );
  const { snapshot, standby } = row as { snapshot: SnapshotText; standby: boolean };
  // Ask for all changes on a standby, whose snapshot does not list running transactions.
  return await notEnded(options, standby ? waiting : notShown(snapshot, waiting), snapshot);
}

/** The changes whose transactions a snapshot does not show. */
export function notShown<W extends Waiting>(snapshot: SnapshotText, waiting: readonly W[]): W[] {
  return waiting.filter(({ tx }) => tx !== undefined && !isShown(snapshot, tx.xid));
}

/** Waits for a transaction that the given snapshot does not show. Throws CHANGE_NOT_VISIBLE. */
export async function untilEnded(options: VisibleOptions, snapshot: SnapshotText): Promise<void> {
  if ((await notEnded(options, [options], snapshot)).length > 0) throw notVisible(options.tx);
}

/** untilEnded for several changes. Resolves to the changes that are still hidden at the end of the wait. */
export async function notEnded<W extends Waiting>(
  options: WaitOptions,
  waiting: readonly W[],
  snapshot: SnapshotText,
): Promise<(W & { tx: ChangeTransaction })[]> {
  const { signal } = options;
  const giveUpAtMs = performance.now() + WAIT_MS;
  let hidden = waiting.filter((each): each is W & { tx: ChangeTransaction } => each.tx !== undefined);
  for (let pauseMs = PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, MAX_PAUSE_MS)) {
    const still = [];
    for (const each of hidden) if (await isHidden(options, each.tx, snapshot)) still.push(each);
    hidden = still;
    if (hidden.length === 0 || signal.aborted || performance.now() + pauseMs > giveUpAtMs) return hidden;
    try {
      await setTimeout(pauseMs, undefined, { signal });
    } catch {
      return hidden;
    }
  }
}

/** True if the transaction has not ended or, on a standby, its commit is not replayed yet. */
async function isHidden(
  options: AskOptions,
  { xid: xid32, lsn }: ChangeTransaction,
  snapshot: SnapshotText,
): Promise<boolean> {
  const xid = nearestXid(snapshot, xid32);
  if (xid < 0n) return false;
  const text = `SELECT CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() <= $2
                ELSE pg_current_wal_insert_lsn() > $2 AND pg_xact_status($1) = 'in progress' END AS hidden`;
  try {
    const [row] = await ask<{ hidden: boolean | null }>(options, text, [String(xid), lsn]);
    return row?.hidden === true;
  } catch (error) {
    if ((error as { code?: unknown }).code === XID_UNKNOWN) return false;
    throw error;
  }
}

async function ask<R extends object>(
  options: AskOptions,
  text: string,
  values: unknown[] = [],
): Promise<R[]> {
  const { rows } = await run<R>(options, text, values);
  return rows;
}

export function notVisible({ xid }: ChangeTransaction): WalmqError {
  return Object.assign(
    new WalmqError(
      'CHANGE_NOT_VISIBLE',
      `transaction ${xid} of the change is in the WAL, but PostgreSQL does not show it to other sessions yet.`,
      {
        remedy:
          'Its commit waits for a synchronous standby, or the database of this worker is a standby that is behind: check synchronous_standby_names and pg_stat_replication.',
        facts: { xid },
      },
    ),
    { retryAfterMs: RETRY_AFTER_MS },
  );
}
