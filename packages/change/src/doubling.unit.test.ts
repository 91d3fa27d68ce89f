import { expect, it } from 'vitest';
import { doubling } from './doubling.js';

it.each([
  [0, 100],
  [1, 200],
  [6, 6400],
  [7, 10_000],
  [2000, 10_000],
])('after %i times it is %i ms', (times, ms) => {
  expect(doubling(100, times, 10_000)).toBe(ms);
});
