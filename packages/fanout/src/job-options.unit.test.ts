import { parseConfig, resolveConfig } from '@walmq/config';
import { type BackoffOptions, Backoffs, type Job } from 'bullmq';
import { describe, expect, it } from 'vitest';
import { jobOptions } from './job-options.js';

const SAMPLES = 1000;

describe('jobOptions', () => {
  it.each([
    ['by default: full jitter', {}, 0, 1],
    ['half jitter', { jitter: 0.5 }, 0.5, 1],
    ['none', { jitter: 0 }, 1, 1],
    ['fixed, by default', { type: 'fixed' as const }, 0, 1],
  ])("have BullMQ's workers wait as configured: %s", (_, backoff, least, most) => {
    const { queues } = resolveConfig(
      parseConfig({ queues: { orders: { table: 'orders', backoff } } }, 'test'),
    );
    const options = jobOptions(queues.orders!).backoff as BackoffOptions;
    for (let retry = 1; retry <= 7; retry++) {
      const wholeMs = options.type === 'fixed' ? 1000 : 1000 * 2 ** (retry - 1);
      const shares = Array.from({ length: SAMPLES }, () => {
        const delayMs = Backoffs.calculate(options, retry, new Error('passing'), {} as Job);
        return (delayMs as number) / wholeMs;
      });
      expect(Math.min(...shares)).toBeCloseTo(least, 1);
      expect(Math.max(...shares)).toBeCloseTo(most, 1);
    }
  });
});
