import { type Change, WalmqError } from '@walmq/change';
import type { QueueConfig } from '@walmq/config';
import type { Logger } from '@walmq/service';
import { Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import type { Pool } from 'pg';
import type { WorkerDefinition } from './define.js';
import { tableName } from './describe.js';
import type { WorkerMetrics } from './metrics.js';
import { errorReporter } from './report-errors.js';
import { runJob } from './run-job.js';

export interface StartOptions {
  readonly definition: WorkerDefinition;
  /** All queues of the configuration, by name. */
  readonly queues: Readonly<Record<string, QueueConfig>>;
  /** BullMQ's key prefix. */
  readonly prefix: string;
  /** With maxRetriesPerRequest: null; left open at close. */
  readonly redis: Redis;
  readonly pool: Pool;
  readonly log: Logger;
  readonly metrics: WorkerMetrics;
}

export interface RunningWorker {
  /**
   * Stops taking changes and lets running handlers finish; after `drainMs` their signals are aborted, and what does
   * not finish is handed back to the queue. Resolves when no handler runs any more.
   */
  close(drainMs: number): Promise<void>;
  /** False as soon as it has been told to close. */
  isRunning(): boolean;
}

/** Starts a definition on BullMQ's Worker. Throws WORKER_QUEUE_UNKNOWN or WORKER_TABLE_UNKNOWN. */
export function startWorker(options: StartOptions): RunningWorker {
  const { definition, prefix, redis, pool, metrics } = options;
  const config = queueOf(options);
  const log = options.log.child({ queue: definition.queue });
  const stopping = new AbortController();
  const run = { definition, config, pool, metrics, log: options.log, stopping: stopping.signal };
  const worker = new Worker<Change>(definition.queue, (job, token) => runJob(job, token, run), {
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
  worker.on('error', errorReporter(log));
  worker.on('stalled', jobId =>
    log.warn(
      { event: 'change:stalled', changeId: jobId },
      'A worker died or stalled on a change; it is processed again',
    ),
  );
  worker.on('failed', job => {
    // The one failure that no handler of ours has seen: BullMQ stops handing the change out.
    if (job?.deferredFailure)
      log.error(
        { event: 'change:failed', changeId: job.id, error: job.deferredFailure },
        `Failed: workers died or stalled on a change more than ${config.maxStalledCount} times`,
      );
  });
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
      }
    },
  };
}

function queueOf({ definition, queues }: Pick<StartOptions, 'definition' | 'queues'>): QueueConfig {
  const { queue, on } = definition;
  const config = Object.hasOwn(queues, queue) ? queues[queue] : undefined;
  if (!config)
    throw new WalmqError('WORKER_QUEUE_UNKNOWN', `there is no queue "${queue}" in the configuration.`, {
      remedy: `Add it to walmq.config.ts, whose queues are: ${Object.keys(queues).join(', ')}.`,
      facts: { queue },
    });
  const fed = config.tables.map(tableName);
  const unknown = [...on.keys()].find(table => !fed.includes(table));
  if (unknown === undefined) return config;
  throw new WalmqError(
    'WORKER_TABLE_UNKNOWN',
    `queue "${queue}" has a handler for table "${unknown}", which does not feed it.`,
    {
      remedy: `Add the table to the queue in walmq.config.ts; it is fed by: ${fed.join(', ')}.`,
      facts: { queue, table: unknown },
    },
  );
}
