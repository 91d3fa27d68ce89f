/** A power of two. Commits between one that still hides from queries and a chunk's watermark: some dozens at most. */
const REMEMBERED = 4096;

/** The last transactions of the stream. */
export class RecentTransactions {
  readonly #xids = new Uint32Array(REMEMBERED);
  #count = 0;

  add(xid: number): void {
    this.#xids[this.#count++ % REMEMBERED] = xid;
  }

  /** A copy. */
  list(): readonly number[] {
    return [...this.#xids.subarray(0, Math.min(this.#count, REMEMBERED))];
  }
}
