import type { Change } from '@walmq/change';
import type { QueueConfig } from '@walmq/config';
import type { Logger } from '@walmq/runtime';
import type { Job } from 'bullmq';
import type { Redis } from 'ioredis';
import { errorOf } from '../failure/error-of.js';
import { delayMsOf, postponementOf } from '../failure/postponement.js';
import { postponedTooLong, retryAfterMsOf } from '../failure/thrown.js';
import { type Verdict, verdictOf } from '../failure/verdict.js';
import { countEnding, type Figures } from '../metrics/count-ending.js';
import type { WorkerMetrics } from '../metrics/metrics.js';
import { changeOf } from './change-of.js';
import { processedLine } from './describe.js';
import { reportFailure, settleFailure } from './settle-failure.js';
import { Tried } from './tried.js';

export interface RunOptions {
  readonly config: QueueConfig;
  readonly redis: Redis;
  readonly log: Logger;
  readonly metrics: WorkerMetrics;
  readonly figures: Figures;
  readonly stopping: AbortSignal;
  /** Runs the change's handler; resolves to the job's return value. */
  readonly perform: (tried: Tried) => Promise<unknown>;
}

/**
 * One attempt at one job: resolves to its return value, or rejects with what makes BullMQ retry or fail it.
 */
export async function runJob(
  job: Job<Change>,
  token: string | undefined,
  options: RunOptions,
): Promise<unknown> {
  const { config, metrics, figures, stopping, perform } = options;
  const queue = config.name;
  const change = changeOf(job, options.log);
  const json = () => readData(job, options);
  const tried = new Tried({ change, job, queue, log: options.log, json });
  const { attempt, attempts } = tried;
  const startedMs = performance.now();
  const durationMs = () => Math.round((performance.now() - startedMs) * 1000) / 1000;
  const end = (outcome: 'processed' | Verdict) => {
    const latencyMs = Date.now() - Date.parse(change.tx.committedAt);
    const ending = { outcome, durationMs: durationMs(), latencyMs };
    metrics.finished(queue, change, ending);
    countEnding(figures, ending);
  };
  metrics.started(queue);
  try {
    const result = await perform(tried);
    // Build the line first: a result that JSON cannot hold is the handler's failure.
    const line = processedLine(change, result);
    end('processed');
    if (options.log.isLevelEnabled('info'))
      tried.log.info({ event: 'change:processed', durationMs: durationMs() }, line);
    return result;
  } catch (thrown) {
    const told = errorOf(thrown);
    const wanted = verdictOf({ error: told, attempt, attempts, stopping: stopping.aborted });
    const delayMs = wanted === 'postponed' ? nextDelayMs(job, told, config) : undefined;
    const isTooLong = wanted === 'postponed' && delayMs === undefined;
    const verdict = isTooLong ? 'failed' : wanted;
    const error = isTooLong ? postponedTooLong(told, postponementOf(job.progress)?.since) : told;
    end(verdict);
    reportFailure(tried.log, { verdict, change, error, durationMs: durationMs() });
    if (verdict === 'dropped') return { processed: false, reason: error.message };
    throw await settleFailure({ job, token, verdict, error, maxDelayMs: config.backoff.maxDelayMs, delayMs });
  }
}

/** Rejects if the job was removed meanwhile. */
async function readData(
  { id }: Job<Change>,
  { redis, config }: Pick<RunOptions, 'redis' | 'config'>,
): Promise<string> {
  const data = await redis.hget(`${config.prefix}:${config.name}:${id}`, 'data');
  if (data === null) throw new Error('the job has been removed from Redis while it ran');
  return data;
}

function nextDelayMs(job: Job<Change>, error: Error, config: QueueConfig): number | undefined {
  const { backoff, maxPostponedMs } = config;
  const asked = retryAfterMsOf(error) ?? 0;
  return delayMsOf({
    asked,
    backoff,
    maxPostponedMs,
    before: postponementOf(job.progress),
    nowMs: Date.now(),
  });
}
