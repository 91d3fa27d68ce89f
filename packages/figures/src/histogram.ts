/**
 * A histogram of milliseconds with log-spaced buckets, so that one of a few dozen small numbers holds an hour of times from a
 * tenth of a millisecond to weeks. Bucket 0 takes everything up to LEAST_MS.
 */
export type Histogram = ReadonlyMap<number, number>;

const LEAST_MS = 0.125;
/** Four buckets per doubling: a bucket's upper bound is 19 % above its lower bound. */
const PER_DOUBLING = 4;
/** The last bucket begins at 34 days and takes everything above. */
const LAST_BUCKET = 138;

/** Negative times, of clocks that differ, count as none. */
export function bucketOf(ms: number): number {
  if (!(ms > LEAST_MS)) return 0;
  return Math.min(LAST_BUCKET, Math.ceil(PER_DOUBLING * Math.log2(ms / LEAST_MS)));
}

/** The largest number of milliseconds in a bucket. */
function upperMs(bucket: number): number {
  return LEAST_MS * 2 ** (bucket / PER_DOUBLING);
}

export function countIn(histogram: Map<number, number>, bucket: number, count = 1): void {
  histogram.set(bucket, (histogram.get(bucket) ?? 0) + count);
}

export function totalOf(histogram: Histogram): number {
  let total = 0;
  for (const count of histogram.values()) total += count;
  return total;
}

/**
 * Milliseconds that a share (0 to 1) of the times do not exceed; null of no times. It lies in the bucket of the exact value,
 * so it differs from it by at most 19 %.
 */
export function percentileMs(histogram: Histogram, share: number): number | null {
  const total = totalOf(histogram);
  if (total === 0) return null;
  const rank = Math.max(1, Math.ceil(share * total));
  let before = 0;
  for (const bucket of [...histogram.keys()].sort((a, b) => a - b)) {
    const count = histogram.get(bucket) as number;
    if (before + count >= rank) {
      const least = bucket === 0 ? 0 : upperMs(bucket - 1);
      return least + ((rank - before) / count) * (upperMs(bucket) - least);
    }
    before += count;
  }
  return null;
}
