import { describe, expect, it } from 'vitest';
import { boundedBackoff } from './bounded-backoff.js';

describe('boundedBackoff', () => {
  const exponential = { type: 'exponential', delay: 1000, jitter: 0.5 };

  it.each([
    ['leaves a delay under the limit to BullMQ', exponential, 3, exponential],
    ['leaves one that is just the limit', exponential, 7, exponential],
    [
      'stops the doubling at the limit, and keeps the jitter',
      exponential,
      8,
      { type: 'fixed', delay: 64_000, jitter: 0.5 },
    ],
    ['holds for any number of tries', exponential, 1000, { type: 'fixed', delay: 64_000, jitter: 0.5 }],
    [
      'never shortens the first delay',
      { type: 'exponential', delay: 90_000 },
      2,
      { type: 'fixed', delay: 90_000 },
    ],
    ['leaves a fixed delay', { type: 'fixed', delay: 90_000 }, 5, { type: 'fixed', delay: 90_000 }],
    ['leaves a plain number', 500, 5, 500],
  ])('%s', (_what, backoff, attempt, expected) => {
    expect(boundedBackoff(backoff, { attempt, maxDelayMs: 64_000 })).toEqual(expected);
  });
});
