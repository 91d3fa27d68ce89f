import { expect, it } from 'vitest';
import { donePerMinute, windowOf } from './figures.js';
import { EMPTY_SLOT, type Slot, slotOf } from './slots.js';

const flat = (fields: Readonly<Record<string, number>>) => Object.entries(fields).flat().map(String);

it('sums up the slots of a window, whoever wrote them', () => {
  const one = slotOf(flat({ done: 2, retried: 1, l12: 1, l24: 1, d0: 2, 'w:abc': 7, p3: 2 }));
  const other = slotOf(flat({ done: 1, failed: 1, early: 1, l24: 1, d4: 1, unknown: 5 }));
  expect(windowOf([one, EMPTY_SLOT, other])).toEqual({
    done: 3,
    failed: 1,
    retried: 1,
    doneBeforeCommit: 1,
    latency: { count: 3, p50: 0.0074, p95: 0.008, p99: 0.008 },
    duration: { count: 3, p50: 0.0001, p95: 0.0003, p99: 0.0003 },
  });
  expect(windowOf([other, one])).toEqual(windowOf([one, other]));
  expect(windowOf([])).toMatchObject({ done: 0, latency: null, duration: null });
});

it.each([
  ['at the start of a minute, all of it are of the minute before', 0, 21],
  [
    'after 25 seconds, the last four parts of the minute before and two of this one',
    25_000,
    3 + 4 + 5 + 6 + 10 + 20,
  ],
  ['the part that has begun does not count yet', 59_999, 6 + 10 + 20 + 30 + 40 + 50],
])('counts a full minute: %s', (_name, ms, expected) => {
  const parts = (...counts: number[]): Slot => ({ ...EMPTY_SLOT, parts: new Map(counts.entries()) });
  const previous = parts(1, 2, 3, 4, 5, 6);
  const current = parts(10, 20, 30, 40, 50, 60);
  expect(donePerMinute(1_800_000_000_000 + ms, current, previous)).toBe(expected);
});

it('reads the backlog that the last report found', () => {
  expect(slotOf(flat({ at: 5, ready: 7, parked: 9 })).backlog).toEqual({ atMs: 5, ready: 7, parked: 9 });
  expect(slotOf(flat({ done: 1 })).backlog).toBeUndefined();
});
