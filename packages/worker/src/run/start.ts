import { setMaxListeners } from 'node:events';
import { hostname } from 'node:os';
import { type Change, WalmqError } from '@walmq/change';
import type { QueueConfig } from '@walmq/config';
import { Recorder } from '@walmq/figures';
import { outliveLosses } from '@walmq/postgres';
import type { Logger } from '@walmq/runtime';
import type { Processor, Telemetry } from 'bullmq';
import type { Redis } from 'ioredis';
import type { Pool } from 'pg';
import { changesInHand, inBatches } from '../batch/in-batches.js';
import { checkDefinition, unhandledTables } from '../define/check-definition.js';
import type { WorkerDefinition } from '../define/define.js';
import { recordsIn } from '../effects/records.js';
import { driftGuard } from '../failure/park-drift.js';
import type { WorkerMetrics } from '../metrics/metrics.js';
import type { DatabasePool, RedisConnection } from '../own-clients.js';
import { alone } from './alone.js';
import { Isolation } from './isolate.js';
import { KitWorker } from './kit-worker.js';
import { errorReporter } from './report-errors.js';
import { runJob } from './run-job.js';

/** What a worker runs on. The caller opens and closes the connections. */
export interface StartOptions {
  /** As `defineWorker` returns it. */
  readonly definition: WorkerDefinition;
  /** All queues of the configuration, by name. */
  readonly queues: Readonly<Record<string, QueueConfig>>;
  /** With maxRetriesPerRequest: null; the caller closes it. */
  readonly redis: RedisConnection;
  /** For `once`, `effect` and `visible`. */
  readonly pool: DatabasePool;
  /** A logger of pino. */
  readonly log: Logger;
  /** As `workerMetrics` returns them. */
  readonly metrics: WorkerMetrics;
  /**
   * BullMQ's telemetry, for example of bullmq-otel: a span per attempt, as the child of capture's span, and a span per
   * call of a handler of batches.
   * Default: none.
   */
  readonly telemetry?: Telemetry | undefined;
  /** Shared by the workers of a process. Default: one of the worker's own. */
  readonly isolation?: Isolation;
}

/** A worker that `startWorker` has started. */
export interface RunningWorker {
  /**
   * Stops taking changes and lets running handlers finish. After `drainMs` aborts their signals and returns
   * unfinished changes to the queue. Resolves when no handler runs any more.
   */
  close(drainMs: number): Promise<void>;
  /** False as soon as it must close. */
  isRunning(): boolean;
}

/**
 * Starts a definition on BullMQ's Worker. Throws QUEUE_UNKNOWN, TABLE_NOT_IN_QUEUE, WORKER_OPERATION_UNKNOWN,
 * WORKER_OPERATION_EXCLUDED or WORKER_EVENTS_UNKNOWN if a handler could never run.
 */
export function startWorker(options: StartOptions): RunningWorker {
  const { definition, metrics, isolation = new Isolation() } = options;
  const redis = options.redis as Redis;
  const pool = options.pool as Pool;
  const config = checkDefinition(definition, options.queues);
  outliveLosses(pool);
  const log = options.log.child({ queue: definition.queue });
  const stopping = new AbortController();
  // One listener per running change.
  setMaxListeners(0, stopping.signal);
  const { batch } = definition;
  const figures = new Recorder({
    redis,
    place: config,
    onLost: error =>
      log.debug(
        { event: 'figures:lost', error: error.message },
        'Redis did not take the figures of some seconds',
      ),
  });
  const parts = {
    config,
    records: recordsIn(pool),
    metrics,
    log: options.log,
    stopping: stopping.signal,
    guard: driftGuard(config),
  };
  const run = {
    config,
    redis,
    metrics,
    figures,
    log: options.log,
    stopping: stopping.signal,
    perform: batch
      ? inBatches({ ...parts, definition: batch, telemetry: options.telemetry })
      : alone({ ...parts, definition }),
  };
  const { deadlineMs } = config;
  const handle: Processor<Change> = (job, token) =>
    isolation.run({ job, token, deadlineMs }, () => runJob(job, token, run));
  const worker = new KitWorker(definition.queue, handle, {
    // BullMQ stores the name with each job that the worker takes.
    name: `${hostname()}:${process.pid}`,
    connection: redis,
    prefix: config.prefix,
    concurrency: batch ? changesInHand(batch, config) : config.concurrency,
    lockDuration: config.stalledAfterMs,
    stalledInterval: config.stalledAfterMs,
    maxStalledCount: config.maxStalledCount,
    events: config.bullmqEvents,
    ...(options.telemetry ? { telemetry: options.telemetry } : {}),
    ...(config.rateLimit
      ? { limiter: { max: config.rateLimit.max, duration: config.rateLimit.durationMs } }
      : {}),
  });
  for (const table of unhandledTables(definition, config))
    log.warn(
      { event: 'worker:table-unhandled', table },
      `Queue "${definition.queue}" takes changes of "${table}", for which this worker has no handler: they are dropped`,
    );
  worker.on('error', errorReporter(log));
  worker.on('stalled', jobId => {
    metrics.stalled(definition.queue);
    log.warn(
      { event: 'change:stalled', changeId: jobId },
      'A worker died or stalled on a change; it is processed again',
    );
  });
  worker.on('failed', job => {
    // The only failure that no handler of ours has seen: BullMQ no longer hands the change out.
    if (!job?.deferredFailure) return;
    figures.notDone('failed');
    log.error(
      { event: 'change:failed', changeId: job.id, error: job.failedReason },
      `Failed: workers died or stalled on a change more than ${config.maxStalledCount} times`,
    );
  });
  void worker.run().catch((error: Error) => worker.emit('error', error));
  let closing = false;
  return {
    isRunning: () => worker.isRunning() && !closing,
    async close(drainMs) {
      closing = true;
      const timer = setTimeout(
        () => stopping.abort(new WalmqError('HANDLER_STOPPED', 'the process is stopping.')),
        drainMs,
      );
      try {
        await worker.close();
      } finally {
        clearTimeout(timer);
        await figures.close();
      }
    },
  };
}
