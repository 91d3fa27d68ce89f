import { doubling } from '@walmq/change';
import type { QueueConfig } from '@walmq/config';
import type { Delay } from './thrown.js';

/** How a change was postponed: stored as BullMQ's progress of the job, which Bull Board shows. */
export interface Postponement {
  /** Number of postponements. */
  readonly postponed: number;
  /** Time of the first one; ISO 8601. */
  readonly since: string;
  /** Reason of the last one. */
  readonly reason: string;
}

/** A longer delay is cut to a day. */
const MAX_DELAY_MS = 86_400_000;
/** A minimum, whatever the backoff is: at most ten requests a second per change. */
const MIN_DELAY_MS = 100;

/** Undefined: the change has not been postponed. */
export function postponementOf(progress: unknown): Postponement | undefined {
  const { postponed, since } = Object(progress) as Partial<Postponement>;
  const isOne =
    typeof postponed === 'number' && typeof since === 'string' && !Number.isNaN(Date.parse(since));
  return isOne ? (progress as Postponement) : undefined;
}

/** Milliseconds until the next attempt; undefined if the change was postponed for too long or too often. */
export function delayMsOf(wish: {
  readonly asked: Delay;
  readonly before: Postponement | undefined;
  readonly backoff: QueueConfig['backoff'];
  readonly maxPostponedMs: number;
  readonly nowMs: number;
}): number | undefined {
  const { asked, before, backoff, maxPostponedMs, nowMs } = wish;
  const times = before?.postponed ?? 0;
  if (typeof asked === 'object' && times >= (asked.times ?? Number.POSITIVE_INFINITY)) return undefined;
  const leftMs = before ? Date.parse(before.since) + maxPostponedMs - nowMs : maxPostponedMs;
  if (leftMs <= 0) return undefined;
  const delayMs = Math.ceil(Math.min(wishedMs(asked, times, backoff), MAX_DELAY_MS, leftMs));
  return Math.max(delayMs, MIN_DELAY_MS);
}

/**
 * A delay shorter than the backoff, or one that is no number, is ignored: the backoff's delays apply, and
 * double.
 */
function wishedMs(asked: Delay, times: number, backoff: QueueConfig['backoff']): number {
  const ms = typeof asked === 'object' ? doubling(asked.firstMs, times, asked.maxMs) : asked;
  if (ms > 0 && (typeof asked === 'object' || ms >= backoff.delayMs)) return ms;
  const maxMs = Math.max(backoff.delayMs, backoff.maxDelayMs);
  return backoff.type === 'fixed' ? backoff.delayMs : doubling(backoff.delayMs, times, maxMs);
}
