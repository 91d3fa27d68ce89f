import { type Change, WalmqError } from '@walmq/change';
import type { QueueConfig } from '@walmq/config';
import type { Logger } from '@walmq/service';
import { type Job, UnrecoverableError, Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import type { Pool } from 'pg';
import { withDeadline } from './deadline.js';
import type { WorkerDefinition } from './define.js';
import type { WorkerMetrics } from './metrics.js';
import { outcomeOf } from './outcome.js';
import { processChange } from './process-change.js';

export interface StartOptions {
  readonly definition: WorkerDefinition;
  /** All queues of the configuration, by name. */
  readonly queues: Readonly<Record<string, QueueConfig>>;
  readonly prefix: string;
  /** With maxRetriesPerRequest: null; left open at close. */
  readonly redis: Redis;
  readonly pool: Pool;
  readonly log: Logger;
  readonly metrics: WorkerMetrics;
}

export interface RunningWorker {
  /** Stops taking changes and lets running handlers finish; after `drainMs` their signals are aborted. */
  close(drainMs: number): Promise<void>;
  isRunning(): boolean;
}

/** Starts a definition on BullMQ's Worker. Throws WORKER_QUEUE_UNKNOWN or WORKER_TABLE_UNKNOWN. */
export function startWorker(options: StartOptions): RunningWorker {
  const { definition, prefix, redis, log } = options;
  const config = queueOf(options);
  const stopping = new AbortController();
  const worker = new Worker<Change>(definition.queue, job => runJob(job, config, stopping.signal, options), {
    connection: redis,
    prefix,
    concurrency: config.concurrency,
    lockDuration: config.stalledAfterMs,
    stalledInterval: config.stalledAfterMs,
    maxStalledCount: config.maxStalledCount,
    ...(config.rateLimit
      ? { limiter: { max: config.rateLimit.max, duration: config.rateLimit.durationMs } }
      : {}),
  });
  worker.on('error', error =>
    log.debug({ event: 'worker:error', error: error.message }, 'The queue cannot be read'),
  );
  worker.on('stalled', jobId =>
    log.warn(
      { event: 'change:stalled', jobId },
      'A worker died or stalled on a change; it is processed again',
    ),
  );
  return {
    isRunning: () => worker.isRunning() && !worker.isPaused(),
    async close(drainMs) {
      const timer = setTimeout(
        () => stopping.abort(new WalmqError('HANDLER_STOPPED', 'the process is stopping.')),
        drainMs,
      );
      await worker.close();
      clearTimeout(timer);
    },
  };
}

function queueOf({ definition, queues }: StartOptions): QueueConfig {
  const { queue, on } = definition;
  const config = queues[queue];
  if (!config)
    throw new WalmqError('WORKER_QUEUE_UNKNOWN', `there is no queue "${queue}" in the configuration.`, {
      remedy: `Its queues are: ${Object.keys(queues).join(', ')}.`,
    });
  const fed = config.tables.map(({ table }) => table);
  const unknown = Object.keys(on).find(table => !fed.includes(table));
  if (unknown === undefined) return config;
  throw new WalmqError(
    'WORKER_TABLE_UNKNOWN',
    `queue "${queue}" has a handler for table "${unknown}", which does not feed it.`,
    {
      remedy: `Add the table to the queue in walmq.config.ts; it is fed by: ${fed.join(', ')}.`,
    },
  );
}

async function runJob(
  job: Job<Change>,
  config: QueueConfig,
  stopping: AbortSignal,
  options: StartOptions,
): Promise<unknown> {
  const { definition, pool, metrics } = options;
  const change = job.data;
  const attempt = job.attemptsMade + 1;
  const log = options.log.child({ queue: definition.queue, changeId: change.id, attempt });
  const startedMs = performance.now();
  const seconds = () => (performance.now() - startedMs) / 1000;
  metrics.started(definition.queue);
  try {
    const result = await withDeadline(
      config.deadlineMs,
      stopping,
      signal => processChange(change, { definition, pool, log, signal, attempt }),
      () =>
        log.error(
          { event: 'handler:overdue' },
          `A handler is past its deadline of ${config.deadlineMs} ms and still runs`,
        ),
    );
    metrics.finished(definition.queue, change, 'processed', seconds());
    log.info(
      { event: 'change:processed', table: change.table, op: change.op, durationMs: seconds() * 1000 },
      processedLine(change, result),
    );
    return result;
  } catch (error) {
    const final = outcomeOf(error) === 'give-up' || attempt >= (job.opts.attempts ?? 1);
    metrics.finished(definition.queue, change, final ? 'failed' : 'retried', seconds());
    const { message, code } = error as Error & { code?: unknown };
    log[final ? 'error' : 'warn'](
      {
        event: final ? 'change:failed' : 'change:retried',
        table: change.table,
        op: change.op,
        code,
        error: message,
      },
      `${final ? 'Failed' : 'Will retry'}: ${change.op.toUpperCase()} on ${tableName(change)}`,
    );
    // Straight to failed: BullMQ would try again otherwise, however often.
    throw outcomeOf(error) === 'give-up' ? new UnrecoverableError(message) : error;
  }
}

/** What a person reads while changes flow by. */
export function processedLine(change: Change, result: unknown): string {
  return `✅ Processed ${change.op.toUpperCase()} on ${tableName(change)}: ${JSON.stringify(result)}`;
}

function tableName({ schema, table }: Change): string {
  return schema === 'public' ? table : `${schema}.${table}`;
}
