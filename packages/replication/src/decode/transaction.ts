import { formatLsn, type Lsn, lsnToHex, positionText } from '@walmq/change';
import type { TransactionContext } from './context.js';

/** The transaction the stream is in; counts its changes. */
export class Transaction {
  /** The lower 32 bits, as in the WAL. */
  readonly xid: number;
  readonly commitLsn: Lsn;
  /** ISO 8601, to the microsecond. */
  readonly committedAt: string;
  readonly #hex: string;
  readonly #head: string;
  #seq = 0;

  constructor(begin: { commitLsn: Lsn; committedAt: string; xid: number }) {
    this.xid = begin.xid;
    this.commitLsn = begin.commitLsn;
    this.committedAt = begin.committedAt;
    this.#hex = lsnToHex(begin.commitLsn);
    this.#head = `{"xid":${begin.xid},"lsn":"${formatLsn(begin.commitLsn)}","committedAt":"${begin.committedAt}","seq":`;
  }

  /** The context that the transaction has sent so far. Its later changes carry it. */
  context: TransactionContext | undefined;

  /** Number of the change last taken. */
  get seq(): number {
    return this.#seq;
  }

  /** Leaves a number out. */
  skip(): void {
    this.#seq += 1;
  }

  /** Gives the next change its number; `json` is its `tx`, and its `context` where there is one. */
  next(): { id: string; json: string } {
    this.#seq += 1;
    const context = this.context ? `,"context":${this.context.json}` : '';
    return { id: positionText(this.#hex, this.#seq), json: `${this.#head}${this.#seq}}${context}` };
  }
}
