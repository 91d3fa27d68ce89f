/**
 * Which transactions a query saw: PostgreSQL's pg_snapshot, by the lower 32 bits of transaction ids, which is what the
 * replication stream has. https://www.postgresql.org/docs/current/functions-info.html#FUNCTIONS-PG-SNAPSHOT
 */
export class Snapshot {
  readonly #xmax: number;
  readonly #inProgress: ReadonlySet<number>;

  /** `xmin:xmax:xip,xip,...` */
  constructor(text: string) {
    const [, xmax, list] = /^\d+:(\d+):([\d,]*)$/.exec(text) ?? [];
    if (xmax === undefined || list === undefined) throw new RangeError(`not a pg_snapshot: ${text}`);
    this.#xmax = lower(xmax);
    this.#inProgress = new Set(list.split(',').filter(Boolean).map(lower));
  }

  /** True of a transaction that has been committed and whose changes the query saw. Ids go round after 2^32. */
  sees(xid: number): boolean {
    return ((xid - this.#xmax) | 0) < 0 && !this.#inProgress.has(xid);
  }
}

function lower(xid: string): number {
  return Number(BigInt.asUintN(32, BigInt(xid)));
}
