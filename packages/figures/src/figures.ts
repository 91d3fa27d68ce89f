import { countIn, type Histogram, percentileMs, totalOf } from './histogram.js';
import { type BacklogSample, MINUTE_MS, PART_MS, type Slot } from './slots.js';

/** Seconds that half, 95 % and 99 % of the changes did not exceed. */
export interface Percentiles {
  /** Changes that were timed. */
  readonly count: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

/** What workers counted in a time that ends now. */
export interface WindowFigures {
  readonly done: number;
  /** Failed for good. */
  readonly failed: number;
  /** Tries that failed and were to be repeated. */
  readonly retried: number;
  /**
   * From the commit, by the clock of PostgreSQL, to the end of the handler, by the clock of the worker. Null if no change had an
   * effect.
   */
  readonly latency: Percentiles | null;
  /** Changes that were done before their commit, by these clocks: more than a few, and the clocks differ. */
  readonly doneBeforeCommit: number;
  /** How long handlers took. Null if none ran. */
  readonly duration: Percentiles | null;
}

/** What the workers of a queue counted. */
export interface QueueFigures {
  /** Done in a full minute that ended at most ten seconds ago. */
  readonly donePerMinute: number;
  /** Done in each of the last full minutes, the oldest first. */
  readonly minutes: readonly number[];
  /** The last 60 minutes, the present one included. */
  readonly hour: WindowFigures;
  /** The last 24 hours, the present one included. */
  readonly day: WindowFigures;
  /** One per minute, of the last minutes. */
  readonly backlog: readonly BacklogSample[];
}

/** Sums up slots, whoever wrote them and in whatever order. */
export function windowOf(slots: readonly Slot[]): WindowFigures {
  const latency = new Map<number, number>();
  const duration = new Map<number, number>();
  const sum = { done: 0, failed: 0, retried: 0, early: 0 };
  for (const slot of slots) {
    sum.done += slot.done;
    sum.failed += slot.failed;
    sum.retried += slot.retried;
    sum.early += slot.early;
    for (const [bucket, count] of slot.latency) countIn(latency, bucket, count);
    for (const [bucket, count] of slot.duration) countIn(duration, bucket, count);
  }
  const { early: doneBeforeCommit, ...counts } = sum;
  return { ...counts, doneBeforeCommit, latency: percentilesOf(latency), duration: percentilesOf(duration) };
}

function percentilesOf(histogram: Histogram): Percentiles | null {
  const seconds = (share: number) => Math.round((percentileMs(histogram, share) as number) * 10) / 10_000;
  const count = totalOf(histogram);
  return count === 0 ? null : { count, p50: seconds(0.5), p95: seconds(0.95), p99: seconds(0.99) };
}

/** Done in the last six full parts of ten seconds, of this minute and the one before it. */
export function donePerMinute(nowMs: number, current: Slot, previous: Slot): number {
  const parts = MINUTE_MS / PART_MS;
  const now = Math.floor((nowMs % MINUTE_MS) / PART_MS);
  let done = 0;
  for (let part = 0; part < now; part += 1) done += current.parts.get(part) ?? 0;
  for (let part = now; part < parts; part += 1) done += previous.parts.get(part) ?? 0;
  return done;
}
