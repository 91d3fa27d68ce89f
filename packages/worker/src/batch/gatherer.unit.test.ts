import { describe, expect, it, vi } from 'vitest';
import { Gatherer } from './gatherer.js';

/** Gathers numbers. Each batch runs until the test releases it. */
function gathering(options: { readonly size: number; readonly waitMs: number; readonly atOnce: number }) {
  const begun: (readonly number[])[] = [];
  const ends: (() => void)[] = [];
  const gatherer = new Gatherer<number>({
    ...options,
    run: batch => {
      begun.push(batch);
      return new Promise(resolve => ends.push(resolve));
    },
  });
  return { begun, ends, gatherer };
}

describe('Gatherer', () => {
  it('begins a full batch at once, and the rest when its time is up', async () => {
    vi.useFakeTimers();
    try {
      const { begun, gatherer } = gathering({ size: 3, waitMs: 5, atOnce: 9 });
      for (let number = 1; number <= 4; number++) gatherer.add(number);
      expect(begun).toEqual([[1, 2, 3]]);
      vi.advanceTimersByTime(4);
      gatherer.add(5);
      expect(begun).toHaveLength(1);
      vi.advanceTimersByTime(1);
      expect(begun).toEqual([
        [1, 2, 3],
        [4, 5],
      ]);
      gatherer.add(6);
      vi.advanceTimersByTime(5);
      expect(begun[2]).toEqual([6]);
    } finally {
      vi.useRealTimers();
    }
  });

  it('gathers on while as many run as may, and begins with what there is as soon as one has ended', async () => {
    const { begun, ends, gatherer } = gathering({ size: 2, waitMs: 0, atOnce: 1 });
    for (const number of [1, 2, 3]) gatherer.add(number);
    await vi.waitFor(() => expect(begun).toEqual([[1, 2]]));
    gatherer.add(4);
    gatherer.add(5);
    expect(begun).toHaveLength(1);
    ends[0]?.();
    await vi.waitFor(() => expect(begun[1]).toEqual([3, 4]));
    ends[1]?.();
    await vi.waitFor(() => expect(begun[2]).toEqual([5]));
  });
});
