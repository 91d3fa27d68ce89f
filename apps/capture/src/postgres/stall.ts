import type { Lsn } from '@walmq/change';

/** One look at the slot. */
export interface StallLook {
  /** Why the walsender sends nothing, as a clause; undefined while it waits for nothing out of the ordinary. */
  readonly reason: string | undefined;
  readonly confirmedFlush: Lsn | undefined;
}

/** Looks, a second apart, after which a wait is no hiccup. */
const LOOKS = 5;

/** Tells a stall from a short wait: the walsender waits at every look, and nothing is acknowledged meanwhile. */
export class StallClock {
  #looks = 0;
  #confirmedFlush: Lsn | undefined;

  /** The reason once it lasts; else undefined. */
  look({ reason, confirmedFlush }: StallLook): string | undefined {
    const waits = reason !== undefined && confirmedFlush === this.#confirmedFlush;
    this.#looks = waits ? this.#looks + 1 : 0;
    this.#confirmedFlush = confirmedFlush;
    return this.#looks >= LOOKS ? reason : undefined;
  }
}
