import { toLsn } from '@walmq/change';
import { describe, expect, it } from 'vitest';
import { LagClock } from './lag-clock.js';

function look(clock: LagClock, walEnd: number, acknowledged: number, nowMs: number): void {
  clock.look({ walEnd: toLsn(BigInt(walEnd)), acknowledged: toLsn(BigInt(acknowledged)), nowMs });
}

describe('LagClock', () => {
  it('knows nothing before the first look', () => {
    const clock = new LagClock();
    expect(clock.lagMs(5000)).toBeUndefined();
    expect(clock.caughtUpAtMs).toBeUndefined();
  });

  it('has no lag while all is acknowledged', () => {
    const clock = new LagClock();
    look(clock, 100, 100, 1000);
    look(clock, 200, 200, 2000);
    expect(clock.lagMs(2000)).toBe(0);
  });

  it('lags by a second under steady load, although the newest is never acknowledged', () => {
    const clock = new LagClock();
    for (let second = 1; second <= 100; second++)
      look(clock, second * 100, (second - 1) * 100, second * 1000);
    expect(clock.lagMs(100_000)).toBe(1000);
  });

  it('lags from when it was last caught up while nothing is acknowledged', () => {
    const clock = new LagClock();
    look(clock, 100, 100, 1000);
    for (let second = 2; second <= 60; second++) look(clock, second * 100, 100, second * 1000);
    expect(clock.lagMs(60_000)).toBe(59_000);
    look(clock, 6100, 3000, 61_000);
    expect(clock.lagMs(61_000)).toBe(31_000);
  });

  it('counts from its first look when it was never caught up', () => {
    const clock = new LagClock();
    look(clock, 500, 100, 1000);
    look(clock, 600, 200, 9000);
    expect(clock.caughtUpAtMs).toBeUndefined();
    expect(clock.lagMs(9000)).toBe(8000);
  });

  it('takes a long lag, at a coarser resolution', () => {
    const clock = new LagClock();
    look(clock, 1, 1, 0);
    for (let second = 1; second <= 20_000; second++) look(clock, second + 1, 1, second * 1000);
    expect(clock.lagMs(20_000_000)).toBe(20_000_000);
    look(clock, 20_001, 19_000, 20_000_000);
    const lagMs = clock.lagMs(20_000_000) as number;
    expect(lagMs).toBeGreaterThanOrEqual(1_000_000);
    expect(lagMs).toBeLessThan(3_000_000);
  });
});
