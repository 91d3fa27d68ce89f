/** Lines of one kind that are logged per period; later ones are only counted. */
const MOST = 10;
const PERIOD_MS = 60_000;

/** Whether to log a line now; `suppressed` is the number of lines left out since the last one logged. */
export interface Limited {
  readonly isLogged: boolean;
  readonly suppressed: number;
}

/**
 * Limits log lines that others can cause at any rate: ten lines a minute, then a count, which the first line
 * of the next minute carries.
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
