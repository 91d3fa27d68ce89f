import type { Change, WalmqError } from '@walmq/change';
import type { QueueConfig, WalmqConfig } from '@walmq/config';
import { refusalOf } from '@walmq/fanout';
import { keepConnected } from '@walmq/redis';
import { type Logger, openPool } from '@walmq/runtime';
import { errorReporter, once, outcomeOf, reasonOf } from '@walmq/worker';
import { type Job, UnrecoverableError, Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import type { Pool } from 'pg';
import { sendAgain } from './send-again.js';

export interface MalformedEventsOptions {
  readonly config: WalmqConfig;
  readonly databaseUrl: string;
  readonly redisUrl: string;
  readonly log: Logger;
  /** A permanent fault of Redis. */
  readonly onFault: (error: WalmqError) => void;
}

/** The worker of the dead-letter queue. */
export interface MalformedEvents {
  stop(): Promise<void>;
}

/**
 * Fails every event of the dead-letter queue at once, with its reason, so that it is listed with all other failures. An
 * event that somebody replays is checked again, with the current configuration; if a queue takes it now, it is sent again
 * through the stream, once. Undefined where no queue takes events.
 */
export function watchMalformedEvents(options: MalformedEventsOptions): MalformedEvents | undefined {
  const { config, log, databaseUrl, redisUrl, onFault } = options;
  const queue = config.malformed === undefined ? undefined : config.queues[config.malformed];
  if (!queue) return undefined;
  const name = 'walmq malformed events';
  // It connects when the first event is replayed.
  const { deadlineMs } = config.source;
  const pool = openPool({ url: databaseUrl, name, log, max: 1, forHandlers: true, deadlineMs });
  const kept = keepConnected({
    url: redisUrl,
    name,
    log,
    onFault,
    prefix: queue.prefix,
    deadlineMs: config.redis.deadlineMs,
  });
  const { redis } = kept;
  const stopping = new AbortController();
  const parts = { config, queue, pool, redis, signal: stopping.signal };
  let worker: Worker<Change> | undefined;
  void kept.usable.then(() => {
    if (stopping.signal.aborted) return;
    worker = new Worker<Change>(queue.name, job => settle(job, parts), {
      connection: redis,
      prefix: queue.prefix,
      lockDuration: queue.stalledAfterMs,
      stalledInterval: queue.stalledAfterMs,
      maxStalledCount: queue.maxStalledCount,
    });
    worker.on('error', errorReporter(log.child({ queue: queue.name })));
  });
  return {
    async stop() {
      stopping.abort();
      await worker?.close();
      kept.close();
      await pool.end();
    },
  };
}

interface Parts {
  readonly config: WalmqConfig;
  readonly queue: QueueConfig;
  readonly pool: Pool;
  readonly redis: Redis;
  readonly signal: AbortSignal;
}

async function settle(job: Job<Change>, parts: Parts): Promise<object> {
  const { config, queue, pool, redis, signal } = parts;
  const change = job.data;
  // Only what has failed before is replayed by somebody. A capture with another configuration, in the middle of a
  // deployment, would else send to and fro what the two see differently.
  const isReplayed = (job.stacktrace ?? []).length > 0;
  const refusal = isReplayed ? refusalOf(change, config) : (change.reason ?? 'it is malformed');
  if (refusal !== undefined) throw refused(refusal);
  const json = (await redis.hget(`${queue.prefix}:${queue.name}:${job.id}`, 'data')) as string;
  const { deadlineMs } = queue;
  const given = { pool, queue: queue.name, changeId: change.id, jobId: job.id as string, signal, deadlineMs };
  try {
    return await once(given, async tx => {
      await sendAgain(tx, change, json);
      return { action: 'sent_again', change_id: change.id };
    });
  } catch (error) {
    if (outcomeOf(error) === 'give-up') throw refused(reasonOf(error as Error));
    throw new Error(reasonOf(error as Error));
  }
}

/** Without a stack: a place in our code explains nothing about the event. */
function refused(reason: string): UnrecoverableError {
  const error = new UnrecoverableError(reason);
  error.stack = reason;
  return error;
}
