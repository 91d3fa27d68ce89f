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
  const reason = (place.state === 'delayed' && postponementOf(job).reason) || job.failedReason;
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
    failedReason: reason ? redact(reasonOf({ failedReason: reason })) : null,
    result: jsonOf(job.returnvalue),
    behind: behind ? { ...behind, failedReason: behind.failedReason && redact(behind.failedReason) } : null,
  };
}

/** What is the same for all changes of a queue. */
export interface QueueFacts {
  readonly isPaused: boolean;
  /** Connected workers; null if Redis does not list its clients. */
  readonly workers: number | null;
}

/** A sentence or two about a state that asks for a reason; null for one that speaks for itself. */
export function whyOf(job: StoredJob, place: Place, { isPaused, workers }: QueueFacts): string | null {
  const { state } = place;
  if (isPaused && (state === 'waiting' || state === 'delayed')) return 'The queue is paused.';
  if (state === 'waiting' && workers === 0) return 'No worker of this queue runs.';
  if (state === 'failed') return earlyFailure(job);
  if (state === 'active' && place.lock === null)
    return 'Its worker holds it no longer: the process died or hangs. The next worker of the queue that looks for lost changes takes it.';
  if (state !== 'delayed') return null;
  const { postponed } = postponementOf(job);
  if (postponed !== undefined)
    return `The handler postponed it ${postponed === 1 ? 'once' : `${postponed} times`}.`;
  return numberOf(job.attemptsMade) ? 'The last try failed; it is tried again.' : 'It was sent with a delay.';
}

/** How often the handler postponed it, and why the last time: the worker kit stores it as progress. */
function postponementOf({ progress }: StoredJob): { postponed?: number; reason?: string } {
  const { postponed, reason } = Object(jsonOf(progress)) as Record<string, unknown>;
  return {
    ...(typeof postponed === 'number' && { postponed }),
    ...(typeof reason === 'string' && { reason }),
  };
}

/** Why a change has failed before all of its tries were used; null if they were. */
function earlyFailure({ opts, attemptsMade }: StoredJob): string | null {
  const most = (jsonOf(opts) as { attempts?: number } | null)?.attempts ?? 1;
  return (numberOf(attemptsMade) ?? 0) < most
    ? 'It was not tried again: the error cannot pass by itself, or workers were lost too often.'
    : null;
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
