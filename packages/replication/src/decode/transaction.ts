import { formatLsn, type Lsn, lsnToHex, positionText } from '@walmq/change';
import type { TransactionContext } from './context.js';

/** The current transaction of the stream. Numbers its changes. */
export class Transaction {
  /** Lower 32 bits of the transaction id, as in the WAL. */
  readonly xid: number;
  readonly commitLsn: Lsn;
  /** Time of the commit: ISO 8601 with microseconds. */
  readonly committedAt: string;
  /** `commitLsn` as 16 hex digits. */
  readonly lsnHex: string;
  readonly #head: string;
  #seq = 0;

  constructor(begin: { commitLsn: Lsn; committedAt: string; xid: number }) {
    this.xid = begin.xid;
    this.commitLsn = begin.commitLsn;
    this.committedAt = begin.committedAt;
    this.lsnHex = lsnToHex(begin.commitLsn);
    this.#head = `{"xid":${begin.xid},"lsn":"${formatLsn(begin.commitLsn)}","committedAt":"${begin.committedAt}","seq":`;
  }

  /** The context that the transaction has sent so far. Its later changes carry it. */
  context: TransactionContext | undefined;

  /** The last number taken; 0 before the first. */
  get seq(): number {
    return this.#seq;
  }

  /** Takes a number without a change. */
  skip(): void {
    this.#seq += 1;
  }

  /**
   * Numbers the next change. `json`: the value of `tx`, followed by the member `context` if the transaction has sent one.
   */
  next(): { id: string; json: string } {
    this.#seq += 1;
    const context = this.context ? `,"context":${this.context.json}` : '';
    return { id: positionText(this.lsnHex, this.#seq), json: `${this.#head}${this.#seq}}${context}` };
  }
}
