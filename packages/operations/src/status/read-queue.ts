import { setTimeout } from 'node:timers/promises';
import type { QueueConfig } from '@walmq/config';
import { countHeld, readHeld } from '@walmq/fanout';
import { FiguresReader, type QueueFigures, workedOff } from '@walmq/figures';
import { redact } from '@walmq/runtime';
import { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { type ClientNames, readClientNames, workersIn } from './count-workers.js';
import type { QueueStatus } from './pipeline-status.js';
import { readOldest } from './read-oldest.js';

const STATES = [
  'wait',
  'active',
  'delayed',
  'prioritized',
  'waiting-children',
  'failed',
  'completed',
] as const;

const MINUTE_MS = 60_000;
/** Milliseconds for which a look waits for the figures. Less than the limit of the whole look. */
const FIGURES_WITHIN_MS = 3000;
/** How many of the next delayed changes to search for a reason of a retry. */
const DELAYED_READ = 5;
/** How many of the next delayed changes to search for a long postponement. */
const POSTPONED_READ = 100;
/** How many paused keys to name. */
const HELD_READ = 5;
const MAX_REASON_CHARACTERS = 200;

/** What readQueues needs to know of a queue. */
export type QueueToRead = Pick<QueueConfig, 'name' | 'prefix' | 'keepCompleted'>;

/**
 * Reads queues through BullMQ, and writes nothing. The cost grows with the number of queues, and not with the number of jobs.
 * A reader of figures that is used again asks for less.
 */
export async function readQueues(
  redis: Redis,
  queues: readonly QueueToRead[],
  figures = new FiguresReader(),
): Promise<QueueStatus[]> {
  const [counted, clients] = await Promise.all([
    readInTime(() => figures.read(redis, queues)),
    readClientNames(redis),
  ]);
  return await Promise.all(
    queues.map(queue =>
      readQueue(redis, queue, {
        clients,
        nowMs: counted?.nowMs ?? Date.now(),
        figures: counted?.queues.get(queue.name) ?? null,
      }),
    ),
  );
}

/** Undefined if it takes long, as the first look at hundreds of queues may: the rest of the status must not wait for it. */
async function readInTime<T>(read: () => Promise<T>): Promise<T | undefined> {
  const timer = new AbortController();
  try {
    return await Promise.race([read(), setTimeout(FIGURES_WITHIN_MS, undefined, timer)]);
  } finally {
    timer.abort();
  }
}

interface Shared {
  /** By the clock of Redis. */
  readonly nowMs: number;
  readonly clients: ClientNames;
  readonly figures: QueueFigures | null;
}

async function readQueue(
  redis: Redis,
  { name, prefix, keepCompleted }: QueueToRead,
  { nowMs, clients, figures }: Shared,
): Promise<QueueStatus> {
  const queue = new Queue(name, { connection: redis, prefix, skipMetasUpdate: true, skipVersionCheck: true });
  queue.on('error', () => undefined); // the pending command rejects with the same error
  try {
    const [counts, isPaused, oldest, throughput, retriedFor, postponed, held, first] = await Promise.all([
      queue.getJobCounts(...STATES),
      queue.isPaused(),
      readOldest(redis, queue),
      readThroughput(redis, queue, { figures, mostKept: keepCompleted.count ?? Infinity }),
      readRetriedFor(redis, queue),
      readPostponed(redis, queue),
      countHeld(redis, { name, prefix }),
      readHeld(redis, { name, prefix }, HELD_READ),
    ]);
    const waiting = (counts.wait ?? 0) + (counts.prioritized ?? 0);
    const active = counts.active ?? 0;
    const waitingChildren = counts['waiting-children'] ?? 0;
    const failed = counts.failed ?? 0;
    return {
      name,
      isPaused,
      waiting,
      active,
      delayed: counts.delayed ?? 0,
      retriedFor,
      postponed,
      pausedKeys: { count: held, first },
      // A paused key has a job of its own among them.
      parked: Math.max(0, waitingChildren - held),
      failed,
      completed: counts.completed ?? 0,
      ...oldest,
      ...throughput,
      figures: figures && {
        donePerMinute: figures.minutes,
        lastHour: figures.hour,
        lastDay: figures.day,
      },
      workedOff: workedOff({
        nowMs,
        parked: waitingChildren,
        // What a paused key parks waits for a person too.
        failed: failed + held,
        ready: waiting + active,
        donePerMinute: throughput.completedPerMinute,
        samples: figures?.backlog ?? NO_SAMPLES,
      }),
      workers: workersIn(clients, { prefix, name }),
    };
  } finally {
    await queue.close();
  }
}

const NO_SAMPLES: QueueFigures['backlog'] = [];

/**
 * From the workers' own count, or from BullMQ's metrics if a worker keeps them. The completed changes that are still kept show
 * what other workers did, and what came after the last report: they are a lower bound.
 */
async function readThroughput(
  redis: Redis,
  queue: Queue,
  { figures, mostKept }: { readonly figures: QueueFigures | null; readonly mostKept: number },
): Promise<Pick<QueueStatus, 'completedPerMinute' | 'completedPerMinuteIsLeast'>> {
  const nowMs = Date.now();
  const [{ meta, data }, kept] = await Promise.all([
    queue.getMetrics('completed', 0, 0),
    // Their times are those of the workers' clocks.
    redis.zcount(queue.toKey('completed'), nowMs - MINUTE_MS, '+inf'),
  ]);
  // BullMQ stores a minute when the first change of a later minute completes: from then on it is final.
  const told = data[0] !== undefined && nowMs - meta.prevTS < MINUTE_MS ? data[0] : undefined;
  const counted = Math.max(figures?.donePerMinute ?? 0, told ?? 0);
  const isCounted = figures !== null || told !== undefined;
  return {
    completedPerMinute: Math.max(counted, kept),
    completedPerMinuteIsLeast: !(isCounted && counted >= kept) && kept > 0 && kept >= mostKept,
  };
}

/** A change that only waits for its time has not failed. */
async function readRetriedFor(redis: Redis, queue: Queue): Promise<string | null> {
  const ids = await redis.zrange(queue.toKey('delayed'), '0', String(DELAYED_READ - 1));
  const reasons = await Promise.all(ids.map(id => redis.hget(queue.toKey(id), 'failedReason')));
  const reason = reasons.find(text => text);
  return reason ? redact(reason).slice(0, MAX_REASON_CHARACTERS) : null;
}

/** The worker kit's progress of a job whose change was postponed. */
async function readPostponed(redis: Redis, queue: Queue): Promise<QueueStatus['postponed']> {
  const ids = await redis.zrange(queue.toKey('delayed'), '0', String(POSTPONED_READ - 1));
  const progress = await Promise.all(ids.map(id => redis.hget(queue.toKey(id), 'progress')));
  const found = progress.map(postponedOf).filter(each => each !== null);
  return found.sort((a, b) => b.seconds - a.seconds)[0] ?? null;
}

/** Null for the progress of other programs. */
function postponedOf(text: string | null): QueueStatus['postponed'] {
  if (!text?.startsWith('{')) return null;
  try {
    const { postponed: times, since, reason } = JSON.parse(text) as Record<string, unknown>;
    const sinceMs = Date.parse(String(since));
    if (typeof times !== 'number' || typeof reason !== 'string' || Number.isNaN(sinceMs)) return null;
    const seconds = Math.max(0, (Date.now() - sinceMs) / 1000);
    return { seconds, times, reason: redact(reason).slice(0, MAX_REASON_CHARACTERS) };
  } catch {
    return null;
  }
}
