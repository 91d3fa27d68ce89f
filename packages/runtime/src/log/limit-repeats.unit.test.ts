import { expect, it } from 'vitest';
import { RepeatLimit } from './limit-repeats.js';

it('logs ten lines a minute, counts the rest, and tells of them with the next', () => {
  const limit = new RepeatLimit();
  const logged = Array.from({ length: 1000 }, (_, n) => limit.next(n)).filter(({ isLogged }) => isLogged);
  expect(logged).toEqual(Array(10).fill({ isLogged: true, suppressed: 0 }));
  expect(limit.next(60_000)).toEqual({ isLogged: true, suppressed: 990 });
  expect(limit.next(60_001)).toEqual({ isLogged: true, suppressed: 0 });
});
