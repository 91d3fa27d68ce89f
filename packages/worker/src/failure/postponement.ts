import { doubling } from '@walmq/change';
import type { QueueConfig } from '@walmq/config';
import type { Delay } from './thrown.js';

/** What a job says of how a change has been put off: BullMQ's progress of the job, which Bull Board shows. */
export interface Postponement {
  /** How often. */
  readonly postponed: number;
  /** When first; ISO 8601. */
  readonly since: string;
  /** Why last. */
  readonly reason: string;
}

/** Whoever asks for more is asked again after a day. */
const MAX_DELAY_MS = 86_400_000;
/** Whatever the backoff is: a change is no more than ten requests a second. */
const MIN_DELAY_MS = 100;

/** Undefined: the change has not been put off. */
export function postponementOf(progress: unknown): Postponement | undefined {
  const { postponed, since } = Object(progress) as Partial<Postponement>;
  const isOne =
    typeof postponed === 'number' && typeof since === 'string' && !Number.isNaN(Date.parse(since));
  return isOne ? (progress as Postponement) : undefined;
}

/** Milliseconds until the next try; undefined: it has been put off for too long, or too often. */
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

/** What is less than the backoff, or no number at all, is no wish: the delays are the backoff's then, and double. */
function wishedMs(asked: Delay, times: number, backoff: QueueConfig['backoff']): number {
  const ms = typeof asked === 'object' ? doubling(asked.firstMs, times, asked.maxMs) : asked;
  if (ms > 0 && (typeof asked === 'object' || ms >= backoff.delayMs)) return ms;
  const maxMs = Math.max(backoff.delayMs, backoff.maxDelayMs);
  return backoff.type === 'fixed' ? backoff.delayMs : doubling(backoff.delayMs, times, maxMs);
}
