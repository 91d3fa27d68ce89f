/** PostgreSQL counts microseconds from 2000-01-01 UTC. */
const PG_EPOCH_S = 946_684_800;
const MICROSECONDS = 1_000_000;

/** Converts times of commits to text. Most commits share their second with the one before. */
export class CommitClock {
  #second = Number.NaN;
  /** `2026-11-22T10:00:00` */
  #secondText = '';

  /** Returns ISO 8601 with microseconds, which a Date would drop. */
  isoTime(microseconds: bigint): string {
    // Exact until the year 2285.
    const since = Number(microseconds);
    const second = Math.floor(since / MICROSECONDS);
    if (second !== this.#second) {
      this.#second = second;
      this.#secondText = new Date((second + PG_EPOCH_S) * 1000).toISOString().slice(0, -'.000Z'.length);
    }
    return `${this.#secondText}.${String(since - second * MICROSECONDS).padStart(6, '0')}Z`;
  }
}
