import { describe, expect, it } from 'vitest';
import { type Backlog, workedOff } from './worked-off.js';

const NOW_MS = 1_800_000_000_000;
const BACKLOG: Backlog = { nowMs: NOW_MS, ready: 600, parked: 0, failed: 0, donePerMinute: 300, samples: [] };
const sample = (secondsAgo: number, ready: number, parked = 0) => ({
  atMs: NOW_MS - secondsAgo * 1000,
  ready,
  parked,
});

describe('workedOff', () => {
  it.each<[string, Partial<Backlog>, ReturnType<typeof workedOff>]>([
    ['no backlog', { ready: 0 }, { seconds: 0, isLeast: false, reason: null }],
    [
      'nothing completes',
      { donePerMinute: 0 },
      { seconds: null, isLeast: false, reason: 'nothing completes' },
    ],
    ['arrivals unknown', {}, { seconds: 120, isLeast: true, reason: null }],
    ['too young a sample', { samples: [sample(5, 9000)] }, { seconds: 120, isLeast: true, reason: null }],
    ['too old a sample', { samples: [sample(900, 9000)] }, { seconds: 120, isLeast: true, reason: null }],
    [
      'it shrinks by 10 a second',
      { samples: [sample(60, 1200)] },
      { seconds: 60, isLeast: false, reason: null },
    ],
    [
      'the oldest usable sample counts',
      { samples: [sample(60, 700), sample(240, 3000)] },
      { seconds: 60, isLeast: false, reason: null },
    ],
    ['it grows', { samples: [sample(60, 500)] }, { seconds: null, isLeast: false, reason: 'not shrinking' }],
    ['it stays', { samples: [sample(60, 600)] }, { seconds: null, isLeast: false, reason: 'not shrinking' }],
    [
      'parked ones are worked off too',
      { ready: 10, parked: 590, samples: [sample(60, 10, 1190)] },
      { seconds: 60, isLeast: false, reason: null },
    ],
    [
      'but behind failed ones they may wait for a person',
      { failed: 1, parked: 400, samples: [sample(60, 1200, 400)] },
      { seconds: 60, isLeast: true, reason: null },
    ],
    [
      'only parked ones behind failed ones',
      { ready: 0, failed: 1, parked: 400 },
      { seconds: 0, isLeast: true, reason: null },
    ],
  ])('%s', (_name, changes, expected) => {
    expect(workedOff({ ...BACKLOG, ...changes })).toEqual(expected);
  });

  it('never foresees a negative or an endless time, whatever the figures are', () => {
    let state = 7;
    const random = (below: number) => {
      state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
      return state % below;
    };
    for (let round = 0; round < 2000; round += 1) {
      const { seconds, reason } = workedOff({
        nowMs: NOW_MS,
        ready: random(1000),
        parked: random(1000),
        failed: random(3),
        donePerMinute: random(4) * 100,
        samples: Array.from({ length: random(6) }, () =>
          sample(random(400) - 20, random(2000), random(2000)),
        ),
      });
      if (seconds === null) expect(reason).not.toBeNull();
      else {
        expect(reason).toBeNull();
        expect(seconds).toBeGreaterThanOrEqual(0);
        expect(seconds).toBeLessThan(Number.POSITIVE_INFINITY);
      }
    }
  });
});
