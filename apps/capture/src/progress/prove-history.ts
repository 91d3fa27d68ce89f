import { type Lsn, lsnToHex, type Position, type WalmqError } from '@walmq/change';
import { checkpointAhead } from '@walmq/operations';
import type { Transaction } from '@walmq/replication';

/** The LSN in a mark that stands before every transaction. */
const NO_TRANSACTION = '0'.repeat(16);

/**
 * A transaction as the checkpoint keeps it: where its commit stands, its number, when it was committed, and the
 * publication through which it was seen. In another history the same place holds another transaction.
 */
export function markOf(
  { lsnHex, xid, committedAt }: Pick<Transaction, 'lsnHex' | 'xid' | 'committedAt'>,
  publication: string,
): string {
  return `${lsnHex} ${xid} ${committedAt} ${publication}`;
}

/** The mark of a checkpoint at or before which no transaction has been seen. */
export function markOfNone(publication: string): string {
  return `${NO_TRANSACTION} 0 - ${publication}`;
}

/** One shard's checkpoint, to be compared with the stream. */
export interface Claimed {
  readonly checkpoint: Position;
  /** The last transaction at or before it; null when that is not known. */
  readonly transaction: string | null;
}

/**
 * Compares the checkpoints with the stream. A server that was set back (a snapshot of its volume, a
 * base backup without recovery) counts its WAL on over places where other changes have stood, on the same timeline: no
 * position tells. The stream does. It goes on from the slot, which is at or before every checkpoint, and PostgreSQL
 * decodes the same WAL to the same transactions. So each transaction that was seen last before a checkpoint must come
 * again, if the slot is before it, and none may come between it and the checkpoint.
 */
export class HistoryProof {
  /** Those that the stream has not passed yet. */
  #open: ShardProof[];

  constructor({
    claimed,
    confirmedFlush,
    publication,
  }: {
    readonly claimed: readonly Claimed[];
    readonly confirmedFlush: Lsn;
    readonly publication: string;
  }) {
    this.#open = claimed
      .filter(({ checkpoint, transaction }) => isComparable(transaction, checkpoint, publication))
      .map(one => new ShardProof(one, lsnToHex(confirmedFlush)));
  }

  /** Throws CHECKPOINT_AHEAD when this transaction, or a missing one before it, is of another history. */
  began({ commitLsn }: Pick<Transaction, 'commitLsn'>, mark: string): void {
    if (this.#open.length === 0) return;
    const lsn = lsnToHex(commitLsn);
    this.#open = this.#open.filter(proof => !proof.began(lsn, mark));
  }

  /** The stream has come this far, between two transactions. Throws as `began` does. */
  reached(walEnd: Lsn): void {
    if (this.#open.length === 0) return;
    const lsn = lsnToHex(walEnd);
    this.#open = this.#open.filter(proof => !proof.reached(lsn));
  }
}

/**
 * Another publication shows other transactions. A mark past its checkpoint is that of a later one: somebody has moved
 * the position alone.
 */
function isComparable(mark: string | null, checkpoint: Position, publication: string): mark is string {
  if (mark === null) return false;
  return mark.endsWith(` ${publication}`) && mark.slice(0, 16) <= lsnToHex(checkpoint.lsn);
}

/** LSNs as 16 hex digits, which sort as they stand. */
class ShardProof {
  readonly #claimed: Claimed;
  readonly #mark: string;
  readonly #markLsn: string;
  readonly #checkpointLsn: string;
  /** The checkpoint is inside the marked transaction. */
  readonly #inside: boolean;
  /** The stream must still bring the marked transaction. */
  #awaited: boolean;

  constructor(claimed: Claimed, confirmedFlush: string) {
    this.#claimed = claimed;
    this.#mark = claimed.transaction as string;
    this.#markLsn = this.#mark.slice(0, 16);
    this.#checkpointLsn = lsnToHex(claimed.checkpoint.lsn);
    this.#inside = claimed.checkpoint.seq > 0;
    this.#awaited = this.#markLsn >= confirmedFlush && this.#markLsn !== NO_TRANSACTION;
  }

  /** True when all is proven. */
  began(lsn: string, mark: string): boolean {
    if (mark === this.#mark) {
      this.#awaited = false;
      return this.#inside;
    }
    if (lsn < this.#markLsn) return false;
    if (lsn === this.#markLsn || this.#awaited) throw this.#missing();
    if (lsn < this.#checkpointLsn) throw this.#unknown(mark);
    return true;
  }

  reached(walEnd: string): boolean {
    if (walEnd <= this.#markLsn || walEnd < this.#checkpointLsn) return false;
    if (this.#awaited) throw this.#missing();
    return true;
  }

  #missing(): WalmqError {
    return this.#refuse(`this database does not have the transaction before it (${readable(this.#mark)})`);
  }

  #unknown(mark: string): WalmqError {
    return this.#refuse(
      `this database has a transaction before it that was not there when it was set (${readable(mark)})`,
    );
  }

  #refuse(reason: string): WalmqError {
    return checkpointAhead(this.#claimed.checkpoint, reason);
  }
}

/** A mark as a person reads it. */
function readable(mark: string): string {
  const [, xid, committedAt] = mark.split(' ');
  return `number ${xid}, committed ${committedAt}`;
}
