import { describe, expect, it } from 'vitest';
import { median, percentile } from './statistics.js';

describe('median', () => {
  it.each([
    [[3, 1, 2], 2],
    [[10, 9, 1, 2], 5.5],
    [[7], 7],
  ])('of %j is %d', (values, expected) => {
    expect(median(values)).toBe(expected);
  });

  it('of nothing is not a number', () => {
    expect(median([])).toBeNaN();
  });
});

describe('percentile', () => {
  const oneToThousand = Array.from({ length: 1000 }, (_, index) => 1000 - index);

  it.each([
    [0.5, 500],
    [0.99, 990],
    [0.999, 999],
    [1, 1000],
    [0, 1],
  ])('%d of 1 to 1000 is %d', (share, expected) => {
    expect(percentile(oneToThousand, share)).toBe(expected);
  });

  it('of nothing is not a number', () => {
    expect(percentile([], 0.5)).toBeNaN();
  });
});
