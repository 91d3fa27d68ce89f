/**
 * The transactions that a query saw: PostgreSQL's pg_snapshot. Compares the lower 32 bits of transaction ids, because the
 * replication stream has no more. https://www.postgresql.org/docs/current/functions-info.html#FUNCTIONS-PG-SNAPSHOT
 */
export class Snapshot {
  readonly #xmax: number;
  readonly #inProgress: ReadonlySet<number>;

  /** `text` is `xmin:xmax:xip,xip,...`. */
  constructor(text: string) {
    const [, xmax, list] = /^\d+:(\d+):([\d,]*)$/.exec(text) ?? [];
    if (xmax === undefined || list === undefined) throw new RangeError(`not a pg_snapshot: ${text}`);
    this.#xmax = lower(xmax);
    this.#inProgress = new Set(list.split(',').filter(Boolean).map(lower));
  }

  /** Returns true if the query saw the changes of this committed transaction. Compares ids modulo 2^32: they wrap around. */
  sees(xid: number): boolean {
    return ((xid - this.#xmax) | 0) < 0 && !this.#inProgress.has(xid);
  }
}

function lower(xid: string): number {
  return Number(BigInt.asUintN(32, BigInt(xid)));
}
