import type { Lsn } from '@walmq/change';

/** One look at the slot. */
export interface StallLook {
  /** Why the walsender sends nothing, as a clause; undefined where its wait is normal. */
  readonly reason: string | undefined;
  readonly confirmedFlush: Lsn | undefined;
}

/** Looks, a second apart, after which a wait is a stall. */
const LOOKS = 5;

/** Distinguishes a stall from a short wait: the walsender waits at every look, and nothing is acknowledged meanwhile. */
export class StallClock {
  #looks = 0;
  #confirmedFlush: Lsn | undefined;

  /** The reason once the wait is a stall; else undefined. */
  look({ reason, confirmedFlush }: StallLook): string | undefined {
    const waits = reason !== undefined && confirmedFlush === this.#confirmedFlush;
    this.#looks = waits ? this.#looks + 1 : 0;
    this.#confirmedFlush = confirmedFlush;
    return this.#looks >= LOOKS ? reason : undefined;
  }
}
