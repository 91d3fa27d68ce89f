import type { QueueConfig } from '@walmq/config';
import { countHeld, readHeld } from '@walmq/fanout';
import { redact } from '@walmq/runtime';
import { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { countWorkers } from './count-workers.js';
import type { QueueStatus } from './pipeline-status.js';
import { readOldestSeconds } from './read-oldest.js';

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
/** How many of the next delayed changes to search for a reason of a retry. */
const DELAYED_READ = 5;
/** How many of the next delayed changes to search for a long postponement. */
const POSTPONED_READ = 100;
/** How many paused keys to name. */
const HELD_READ = 5;
const MAX_REASON_CHARACTERS = 200;

/** Reads one queue through BullMQ, and writes nothing. */
export async function readQueue(
  redis: Redis,
  { name, prefix, keepCompleted }: Pick<QueueConfig, 'name' | 'prefix' | 'keepCompleted'>,
): Promise<QueueStatus> {
  const queue = new Queue(name, { connection: redis, prefix, skipMetasUpdate: true, skipVersionCheck: true });
  queue.on('error', () => undefined); // the pending command rejects with the same error
  try {
    const [counts, isPaused, oldestSeconds, throughput, retriedFor, postponed, workers, held, first] =
      await Promise.all([
        queue.getJobCounts(...STATES),
        queue.isPaused(),
        readOldestSeconds(redis, queue),
        readThroughput(redis, queue, keepCompleted.count ?? Infinity),
        readRetriedFor(redis, queue),
        readPostponed(redis, queue),
        countWorkers(queue, redis),
        countHeld(redis, { name, prefix }),
        readHeld(redis, { name, prefix }, HELD_READ),
      ]);
    return {
      name,
      isPaused,
      waiting: (counts.wait ?? 0) + (counts.prioritized ?? 0),
      active: counts.active ?? 0,
      delayed: counts.delayed ?? 0,
      retriedFor,
      postponed,
      pausedKeys: { count: held, first },
      // A paused key has a job of its own among them.
      parked: Math.max(0, (counts['waiting-children'] ?? 0) - held),
      failed: counts.failed ?? 0,
      completed: counts.completed ?? 0,
      oldestSeconds,
      ...throughput,
      workers,
    };
  } finally {
    await queue.close();
  }
}

/** From BullMQ's metrics if a worker keeps them, or else from the completed changes that are still kept. */
async function readThroughput(
  redis: Redis,
  queue: Queue,
  mostKept: number,
): Promise<Pick<QueueStatus, 'completedPerMinute' | 'completedPerMinuteIsLeast'>> {
  const nowMs = Date.now();
  const { meta, data } = await queue.getMetrics('completed', 0, 0);
  // BullMQ stores a minute when the first change of a later minute completes: from then on it is final.
  if (data[0] !== undefined && nowMs - meta.prevTS < MINUTE_MS)
    return { completedPerMinute: data[0], completedPerMinuteIsLeast: false };
  const recent = await redis.zcount(queue.toKey('completed'), nowMs - MINUTE_MS, '+inf');
  return { completedPerMinute: recent, completedPerMinuteIsLeast: recent > 0 && recent >= mostKept };
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
