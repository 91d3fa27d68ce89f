import type { Json } from '@walmq/change';
import { redact } from '@walmq/runtime';
import { reasonOf } from '../failures/failed-job.js';
import type { Place, StoredJob } from './queue-reader.js';
import { jsonOf } from './stored-change.js';
import type { BlockerView, JobView, TracedChange } from './trace.js';

/** A stored job as a trace shows it. */
export function jobViewOf(job: StoredJob, place: Place, behind: BlockerView | undefined): JobView {
  const { opts } = job;
  const options = jsonOf(opts) as { attempts?: number } | null;
  const started = numberOf(job.attemptsStarted);
  return {
    id: job.id,
    enqueuedAt: isoOf(numberOf(job.timestamp)),
    startedAt: isoOf(numberOf(job.processedOn)),
    endedAt: place.state === 'completed' || place.state === 'failed' ? isoOf(numberOf(job.finishedOn)) : null,
    delayedUntil: isoOf(place.delayedUntilMs),
    // A replay resets both counters; attempts that begun count, except for postponed ones.
    tries: Math.max(numberOf(job.attemptsMade) ?? 0, place.state === 'active' ? (started ?? 1) : 0),
    mostTries: options?.attempts ?? 1,
    stalls: numberOf(job.stalls) ?? 0,
    worker: job.processedBy,
    lock: place.state === 'active' ? place.lock : null,
    failedReason: job.failedReason ? redact(reasonOf({ failedReason: job.failedReason })) : null,
    result: jsonOf(job.returnvalue),
    behind: behind ? { ...behind, failedReason: behind.failedReason && redact(behind.failedReason) } : null,
  };
}

/** One sentence about a state that asks for a reason; null for one that speaks for itself. */
export function whyOf(job: StoredJob, place: Place, isPaused: boolean): string | null {
  if (isPaused && (place.state === 'waiting' || place.state === 'delayed')) return 'The queue is paused.';
  if (place.state === 'active' && place.lock === null)
    return 'Its worker holds it no longer: the process died or hangs. The next worker of the queue that looks for lost changes takes it.';
  if (place.state !== 'delayed') return null;
  const postponed = jsonOf(job.progress) as { postponed?: number; reason?: string } | null;
  if (typeof postponed?.postponed === 'number')
    return `The handler postponed it ${postponed.postponed === 1 ? 'once' : `${postponed.postponed} times`}.`;
  return numberOf(job.attemptsMade) ? 'The last try failed; it is tried again.' : 'It was sent with a delay.';
}

/** W3C ids of the span that a job continues: capture's. BullMQ stores it with the job's options. */
export function spanOf(opts: string | null): TracedChange['span'] {
  const { tm } = (jsonOf(opts) ?? {}) as { tm?: Json };
  const metadata = jsonOf(typeof tm === 'string' ? tm : null) as { traceparent?: Json } | null;
  const [, traceId, spanId] =
    /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-/.exec(String(metadata?.traceparent ?? '')) ?? [];
  return traceId !== undefined && spanId !== undefined ? { traceId, spanId } : null;
}

function numberOf(text: string | null): number | undefined {
  const value = Number(text ?? Number.NaN);
  return Number.isNaN(value) ? undefined : value;
}

function isoOf(ms: number | undefined): string | null {
  return ms === undefined || ms === 0 ? null : new Date(ms).toISOString();
}
