/** Lines of one kind before the rest of a period is counted. */
const MOST = 10;
const PERIOD_MS = 60_000;

/** Whether a line is logged now; `suppressed`: how many were left out since the last that was. */
export interface Limited {
  readonly isLogged: boolean;
  readonly suppressed: number;
}

/**
 * Keeps what others can make happen at any rate from filling the log: ten lines a minute, then a count, which the first line
 * of the next minute tells.
 */
export class RepeatLimit {
  #periodBeganMs = -Infinity;
  #logged = 0;
  #suppressed = 0;

  next(nowMs: number): Limited {
    if (nowMs - this.#periodBeganMs >= PERIOD_MS) {
      this.#periodBeganMs = nowMs;
      this.#logged = 0;
    }
    if (this.#logged >= MOST) {
      this.#suppressed += 1;
      return { isLogged: false, suppressed: this.#suppressed };
    }
    this.#logged += 1;
    const suppressed = this.#suppressed;
    this.#suppressed = 0;
    return { isLogged: true, suppressed };
  }
}
