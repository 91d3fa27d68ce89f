import { expect, it } from 'vitest';
import { flatness } from './flat.js';

const OPTIONS = { warmUp: 0.25, share: 0.1, least: 5 };
const series = (of: (n: number) => number) => Array.from({ length: 100 }, (_, n) => of(n));
const isFlat = (values: readonly number[]) => flatness('memory', values, OPTIONS).flat;

it.each<[string, (n: number) => number, boolean]>([
  ['stands still', () => 100, true],
  ['saws between collections', n => 100 + (n % 10) * 20, true],
  ['warms up, then stands still', n => Math.min(100, 20 + n * 8), true],
  ['shrinks', n => 200 - n, true],
  ['has one peak', n => (n === 60 ? 10_000 : 100), true],
  ['leaks slowly', n => 100 + n * 0.3, false],
  ['leaks below the saw', n => 100 + n * 0.3 + (n % 10) * 20, false],
  ['leaks from nothing', n => n, false],
  ['grows less than what counts', n => 10 + n * 0.05, true],
])('a series that %s', (_, of, flat) => {
  expect(isFlat(series(of))).toBe(flat);
});

it('says how much', () => {
  const { growth, median, max } = flatness(
    'memory',
    series(n => 100 + n),
    OPTIONS,
  );
  expect(growth).toBeGreaterThan(60);
  expect(median).toBeCloseTo(162, 0);
  expect(max).toBe(199);
});

it('has no verdict about too few values', () => {
  expect(() => flatness('memory', [1, 2, 3, 4], OPTIONS)).toThrow(RangeError);
});
