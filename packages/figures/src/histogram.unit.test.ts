import { describe, expect, it } from 'vitest';
import { bucketOf, countIn, percentileMs, totalOf } from './histogram.js';

/** Same numbers at every run. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
    return state / 2 ** 32;
  };
}

function histogramOf(times: readonly number[]): Map<number, number> {
  const histogram = new Map<number, number>();
  for (const ms of times) countIn(histogram, bucketOf(ms));
  return histogram;
}

describe('bucketOf', () => {
  it.each([
    [Number.NaN, 0],
    [-5000, 0],
    [0, 0],
    [0.125, 0],
    [0.126, 1],
    [0.25, 4],
    [1, 12],
    [Number.POSITIVE_INFINITY, 138],
  ])('puts %d ms into bucket %i', (ms, bucket) => {
    expect(bucketOf(ms)).toBe(bucket);
  });

  it('grows with the time', () => {
    const random = randomOf(1);
    const times = Array.from({ length: 1000 }, () => 10 ** (random() * 12 - 2)).sort((a, b) => a - b);
    const buckets = times.map(bucketOf);
    expect(buckets).toEqual(buckets.toSorted((a, b) => a - b));
  });
});

describe('percentileMs', () => {
  it('knows none of no times', () => {
    expect(percentileMs(new Map(), 0.5)).toBeNull();
  });

  it('is within a bucket of the exact value, for any times', () => {
    const random = randomOf(2);
    for (let round = 0; round < 200; round += 1) {
      const spread = random() * 7;
      const times = Array.from({ length: 1 + Math.floor(random() * 400) }, () => 10 ** (random() * spread));
      const sorted = times.toSorted((a, b) => a - b);
      const histogram = histogramOf(times);
      for (const share of [0, 0.5, 0.95, 0.99, 1]) {
        const exact = sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] as number;
        const found = percentileMs(histogram, share) as number;
        expect(found / exact).toBeGreaterThan(1 / 1.2);
        expect(found / exact).toBeLessThan(1.2);
      }
    }
  });

  it('never falls with the share', () => {
    const random = randomOf(3);
    const histogram = histogramOf(Array.from({ length: 300 }, () => random() * 10_000));
    const shares = Array.from({ length: 101 }, (_, index) => index / 100);
    const found = shares.map(share => percentileMs(histogram, share) as number);
    expect(found).toEqual(found.toSorted((a, b) => a - b));
  });

  it('says the same of one histogram and of its parts put together', () => {
    const random = randomOf(4);
    const times = Array.from({ length: 500 }, () => random() * 3000);
    const whole = histogramOf(times);
    const sum = new Map<number, number>();
    for (const part of [times.slice(0, 7), times.slice(7, 300), times.slice(300)])
      for (const [bucket, count] of histogramOf(part)) countIn(sum, bucket, count);
    expect(sum).toEqual(whole);
    expect(totalOf(sum)).toBe(500);
  });
});
