import { describe, expect, it } from 'vitest';
import { delayMsOf, postponementOf } from './postponement.js';

const DAY_MS = 86_400_000;
const NOW_MS = Date.parse('2026-03-01T12:00:00Z');
const backoff = { type: 'exponential', delayMs: 1000, jitter: 1, maxDelayMs: 3_600_000 } as const;

const delayOf = (
  asked: Parameters<typeof delayMsOf>[0]['asked'],
  times = 0,
  options: Partial<Parameters<typeof delayMsOf>[0]> = {},
) =>
  delayMsOf({
    asked,
    backoff,
    maxPostponedMs: 5 * DAY_MS,
    nowMs: NOW_MS,
    before: times > 0 ? { postponed: times, since: '2026-03-01T11:00:00.000Z', reason: 'busy' } : undefined,
    ...options,
  });

describe('delayMsOf', () => {
  it.each([
    ['as asked', 60_000, 3, 60_000],
    ['no fraction', 1500.25, 0, 1501],
    ['zero', 0, 0, 1000],
    ['zero, again', 0, 3, 8000],
    ['zero, often', 0, 60, 3_600_000],
    ['negative', -5000, 1, 2000],
    ['no number', Number.NaN, 2, 4000],
    ['less than the backoff', 200, 0, 1000],
    ['more than a day', 9 * DAY_MS, 0, DAY_MS],
    ['for ever', Number.POSITIVE_INFINITY, 0, DAY_MS],
  ])('%s', (_, asked, times, delayMs) => {
    expect(delayOf(asked, times)).toBe(delayMs);
  });

  it('grows where the delay says how, up to its longest', () => {
    const mail = { firstMs: 60_000, maxMs: 14_400_000 };
    expect([0, 1, 2, 7, 8, 50].map(times => delayOf(mail, times))).toEqual([
      60_000, 120_000, 240_000, 7_680_000, 14_400_000, 14_400_000,
    ]);
    expect(delayOf({ ...mail, times: 3 }, 2)).toBe(240_000);
    expect(delayOf({ ...mail, times: 3 }, 3)).toBeUndefined();
  });

  it('ends when the change has been put off for as long as it may, with a last try then', () => {
    const since = (ms: number) => ({
      postponed: 4,
      since: new Date(NOW_MS - ms).toISOString(),
      reason: 'busy',
    });
    const hour = { maxPostponedMs: 3_600_000 };
    expect(delayOf(60_000, 0, { ...hour, before: since(3_590_000) })).toBe(10_000);
    expect(delayOf(60_000, 0, { ...hour, before: since(3_600_000) })).toBeUndefined();
    expect(delayOf(60_000, 0, { maxPostponedMs: 0 })).toBeUndefined();
  });

  it('is never none, whatever the backoff is', () => {
    const none = { ...backoff, delayMs: 0, maxDelayMs: 0 };
    expect(delayOf(0, 9, { backoff: none })).toBe(100);
    expect(delayOf(0, 9, { backoff: { ...none, type: 'fixed' } })).toBe(100);
    expect(delayOf({ firstMs: Number.NaN, maxMs: 5 })).toBe(1000);
  });
});

describe('postponementOf', () => {
  it.each([0, 50, null, 'half', {}, { postponed: 1 }, { postponed: 1, since: 'then' }])(
    '%j is none',
    progress => {
      expect(postponementOf(progress)).toBeUndefined();
    },
  );
});
