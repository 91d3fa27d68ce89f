/** Milliseconds within which a held job is to begin. */
const HELD_MS = 25;
/** The most jobs that are held, however fast the handlers are. Two calls take as many. */
const MOST_HELD = 200;
/** Weight of the last handler in the mean. */
const WEIGHT = 1 / 16;

/** How fast the handlers are, to know how many jobs a worker may hold beyond its places. */
export class Pace {
  #meanMs: number | undefined;

  /** A handler has ended after this time. */
  ended(ms: number): void {
    this.#meanMs = this.#meanMs === undefined ? ms : this.#meanMs + (ms - this.#meanMs) * WEIGHT;
  }

  /** Jobs were held for this time, and did not begin. */
  isSlow(ms: number): void {
    this.#meanMs = Math.max(this.#meanMs ?? 0, ms);
  }

  /** A slow handler leaves all jobs that have no place to other workers. */
  spare(concurrency: number): number {
    const meanMs = this.#meanMs ?? HELD_MS;
    if (meanMs >= HELD_MS) return 0;
    return Math.floor(Math.min((concurrency * HELD_MS) / meanMs, MOST_HELD));
  }
}
