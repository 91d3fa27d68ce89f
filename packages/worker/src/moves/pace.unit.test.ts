import { expect, it } from 'vitest';
import { Pace } from './pace.js';

function paceOf(times: readonly number[]): Pace {
  const pace = new Pace();
  for (const ms of times) pace.ended(ms);
  return pace;
}

it.each([
  ['nothing is known: none', [], 10, 0],
  ['a handler that does nothing: the most', [0, 0], 1, 200],
  ['a fast handler: what begins within the limit', [5], 10, 50],
  ['one place', [5], 1, 5],
  ['a slow handler: none', [25], 100, 0],
  ['a very slow handler: none', [60_000], 1000, 0],
  ['one slow run among fast ones', [1, 1, 1, 17], 4, 50],
])('%s', (_name, times, concurrency, wanted) => {
  expect(paceOf(times).spare(concurrency)).toBe(wanted);
});

it('holds none after jobs were held too long, until handlers are fast again', () => {
  const pace = paceOf([1]);
  pace.isSlow(400);
  expect(pace.spare(10)).toBe(0);
  for (let n = 0; n < 200; n++) pace.ended(1);
  expect(pace.spare(10)).toBe(200);
});
