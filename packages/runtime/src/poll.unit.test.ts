import { describe, expect, it } from 'vitest';
import { pause, poll, unlessAborted } from './poll.js';

describe('poll', () => {
  it('looks again and again, one look after the other, until the signal', async () => {
    const ending = new AbortController();
    let looks = 0;
    let running = 0;
    await poll({
      everyMs: 1,
      signal: ending.signal,
      async look() {
        expect(++running).toBe(1);
        await pause(2, new AbortController().signal);
        running--;
        if (++looks === 3) ending.abort();
      },
    });
    expect(looks).toBe(3);
  });

  it('waits for the look under way when the signal comes', async () => {
    const ending = new AbortController();
    let answer: () => void = () => undefined;
    const look = () =>
      new Promise<void>(resolve => {
        answer = resolve;
      });
    let ended = false;
    const polling = poll({ everyMs: 60_000, signal: ending.signal, look }).then(() => {
      ended = true;
    });
    ending.abort();
    await new Promise(setImmediate);
    expect(ended).toBe(false);
    answer();
    await polling;
    expect(ended).toBe(true);
  });

  it('ends at once in a pause, and looks no more', async () => {
    const ending = new AbortController();
    let looks = 0;
    const polling = poll({
      everyMs: 60_000,
      startAfterMs: 60_000,
      signal: ending.signal,
      look: () => {
        looks++;
      },
    });
    ending.abort();
    await polling;
    expect(looks).toBe(0);
  });

  it('rejects as soon as a look fails', async () => {
    const { signal } = new AbortController();
    const look = () => Promise.reject(new Error('no answer'));
    await expect(poll({ everyMs: 60_000, signal, look })).rejects.toThrow('no answer');
  });
});

describe('unlessAborted', () => {
  it('gives the answer, or nothing once the signal has come', async () => {
    const ending = new AbortController();
    expect(await unlessAborted(Promise.resolve(1), ending.signal)).toBe(1);
    const unanswered = unlessAborted(new Promise(() => undefined), ending.signal);
    ending.abort();
    expect(await unanswered).toBeUndefined();
    expect(await unlessAborted(new Promise(() => undefined), ending.signal)).toBeUndefined();
  });
});
