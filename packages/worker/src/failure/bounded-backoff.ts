import type { BackoffOptions } from 'bullmq';

/**
 * BullMQ's backoff for one retry, doubled up to `maxDelayMs` only: the thirtieth delay of a second would be
 * seventeen years. A longer first delay stays. `attempt` is the attempt that has just failed, from 1.
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
