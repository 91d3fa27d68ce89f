import type { Change, WalmqError } from '@walmq/change';
import { longestDeadlineMs, type QueueConfig, type WalmqConfig } from '@walmq/config';
import { refusalOf } from '@walmq/fanout';
import type { DatabaseUrl } from '@walmq/postgres';
import { endConnection, keepConnected } from '@walmq/redis';
import { type Logger, openPool } from '@walmq/runtime';
import { errorReporter, once, outcomeOf, reasonOf } from '@walmq/worker';
import { type Job, UnrecoverableError, Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import type { Pool } from 'pg';
import { sendAgain } from './send-again.js';

export interface DeadLetterOptions {
  readonly config: WalmqConfig;
  readonly databaseUrl: DatabaseUrl;
  readonly redisUrl: string;
  readonly log: Logger;
  /** Called with a fault of Redis that does not pass by itself. */
  readonly onFault: (error: WalmqError) => void;
}

/** The workers of the dead-letter queues. */
export interface DeadLetters {
  stop(): Promise<void>;
}

/**
 * Fails every event of the dead-letter queue, and of that of earlier versions, at once with its reason, so that it is found
 * where all failures are. If somebody replays an event and a queue of the present configuration takes it, the event is sent
 * again through the stream, exactly once. Undefined if no queue takes events.
 */
export function watchDeadLetters(options: DeadLetterOptions): DeadLetters | undefined {
  const { config, log, databaseUrl, redisUrl, onFault } = options;
  const queues = [config.deadLetter, config.formerDeadLetter].flatMap(name =>
    name === undefined ? [] : (config.queues[name] as QueueConfig),
  );
  const [queue] = queues;
  if (!queue) return undefined;
  const name = 'walmq dead letters';
  // The pool connects when the first event is replayed.
  const { deadlineMs } = config.source;
  const pool = openPool({
    url: databaseUrl,
    name,
    log,
    max: 1,
    forHandlers: true,
    idleInTransactionMs: longestDeadlineMs(config),
    deadlineMs,
  });
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
  let workers: readonly Worker[] = [];
  void kept.usable.then(() => {
    if (stopping.signal.aborted) return;
    workers = queues.map(queue =>
      startWorker({ config, queue, pool, redis, signal: stopping.signal }, log.child({ queue: queue.name })),
    );
  });
  return {
    async stop() {
      stopping.abort();
      await Promise.all(workers.map(worker => worker.close()));
      kept.close();
      await pool.end();
    },
  };
}

function startWorker(parts: Parts, log: Logger): Worker<Change> {
  const { queue, redis } = parts;
  const worker = new DeadLetterWorker(queue.name, job => settle(job, parts), {
    connection: redis,
    prefix: queue.prefix,
    lockDuration: queue.stalledAfterMs,
    stalledInterval: queue.stalledAfterMs,
    maxStalledCount: queue.maxStalledCount,
  });
  worker.on('error', errorReporter(log));
  return worker;
}

class DeadLetterWorker extends Worker<Change> {
  constructor(...given: ConstructorParameters<typeof Worker<Change>>) {
    super(...given);
    // BullMQ's waits for the end of the connection. One that is lost just then has no end, and a close would hang.
    this.backend.disconnectBlocking = async () => {
      await this.backend.blockingClient?.then(endConnection, () => undefined);
    };
  }
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
