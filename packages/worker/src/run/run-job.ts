import { type Change, tableName } from '@walmq/change';
import type { QueueConfig } from '@walmq/config';
import type { Logger } from '@walmq/runtime';
import { type Job, UnrecoverableError } from 'bullmq';
import type { Redis } from 'ioredis';
import { z } from 'zod';
import { errorOf } from '../failure/error-of.js';
import { delayMsOf, postponementOf } from '../failure/postponement.js';
import { postponedTooLong, retryAfterMsOf } from '../failure/thrown.js';
import { type Verdict, verdictOf } from '../failure/verdict.js';
import { countEnding, type Figures } from '../metrics/count-ending.js';
import type { WorkerMetrics } from '../metrics/metrics.js';
import { processedLine } from './describe.js';
import { reportFailure, settleFailure } from './settle-failure.js';

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

/** One attempt at one change. */
export interface Tried {
  readonly change: Change;
  readonly job: Job<Change>;
  /** Of this try, from 1. */
  readonly attempt: number;
  /** That the job has in all. */
  readonly attempts: number;
  /** Names queue, table, operation, change and attempt. */
  readonly log: Logger;
  /** The job's data as it is in Redis. */
  readonly json: () => Promise<string>;
}

/** The part of a change that the kit itself needs; rows are left to the handlers. */
const envelope = z.looseObject({
  id: z.string().min(1),
  op: z.string().min(1),
  schema: z.string().min(1),
  table: z.string().min(1),
  tx: z.looseObject({ committedAt: z.iso.datetime({ offset: true }) }),
});

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
  const attempt = job.attemptsMade + 1;
  const attempts = job.opts.attempts ?? 1;
  const change = changeOf(job, options.log);
  const log = options.log.child({
    queue,
    table: tableName(change),
    op: change.op,
    changeId: change.id,
    attempt,
  });
  const startedMs = performance.now();
  const durationMs = () => Math.round((performance.now() - startedMs) * 1000) / 1000;
  const end = (outcome: 'processed' | Verdict) => {
    metrics.finished(queue, change, outcome, durationMs() / 1000);
    countEnding(figures, { change, outcome, durationMs: durationMs() });
  };
  metrics.started(queue);
  try {
    const json = () => readData(job, options);
    const result = await perform({ change, job, attempt, attempts, log, json });
    // Build the line first: a result that JSON cannot hold is the handler's failure.
    const line = processedLine(change, result);
    end('processed');
    log.info({ event: 'change:processed', durationMs: durationMs() }, line);
    return result;
  } catch (thrown) {
    const told = errorOf(thrown);
    const wanted = verdictOf({ error: told, attempt, attempts, stopping: stopping.aborted });
    const delayMs = wanted === 'postponed' ? nextDelayMs(job, told, config) : undefined;
    const isTooLong = wanted === 'postponed' && delayMs === undefined;
    const verdict = isTooLong ? 'failed' : wanted;
    const error = isTooLong ? postponedTooLong(told, postponementOf(job.progress)?.since) : told;
    end(verdict);
    reportFailure(log, { verdict, change, error, durationMs: durationMs() });
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

function changeOf(job: Job<Change>, log: Logger): Change {
  const parsed = envelope.safeParse(job.data);
  if (parsed.success) return job.data;
  const fields = [...new Set(parsed.error.issues.map(({ path }) => path.join('.') || 'data'))].join(', ');
  log.error(
    { event: 'change:failed', jobId: job.id, fields },
    'Failed: a job that holds no change; was it added by hand?',
  );
  throw new UnrecoverableError(`the job's data is not a change: see ${fields}.`);
}
