import type { BackoffOptions } from 'bullmq';

/**
 * BullMQ's backoff for one retry, doubled no further than `maxDelayMs`: the thirtieth delay of a second would be
 * seventeen years. A first delay that is longer stays as it is. `attempt` is the try that has just failed, from 1.
 */
export function boundedBackoff(
  backoff: number | BackoffOptions,
  { attempt, maxDelayMs }: { readonly attempt: number; readonly maxDelayMs: number },
): number | BackoffOptions {
  if (typeof backoff !== 'object' || backoff.type !== 'exponential') return backoff;
  const { delay = 0 } = backoff;
  const limit = Math.max(delay, maxDelayMs);
  return delay * 2 ** (attempt - 1) > limit ? { ...backoff, type: 'fixed', delay: limit } : backoff;
}
