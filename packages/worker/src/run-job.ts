import { type Change, WalmqError } from '@walmq/change';
import type { QueueConfig } from '@walmq/config';
import type { Logger } from '@walmq/service';
import { type Job, UnrecoverableError, WaitingError } from 'bullmq';
import type { Pool } from 'pg';
import { z } from 'zod';
import { withDeadline } from './deadline.js';
import type { WorkerDefinition } from './define.js';
import { describe, processedLine } from './describe.js';
import type { WorkerMetrics } from './metrics.js';
import { type Verdict, verdictOf } from './outcome.js';
import { processChange } from './process-change.js';

export interface RunOptions {
  readonly definition: WorkerDefinition;
  readonly config: QueueConfig;
  readonly pool: Pool;
  readonly log: Logger;
  readonly metrics: WorkerMetrics;
  readonly stopping: AbortSignal;
}

/** The part of a change that the kit itself relies on; rows are the handlers' business. */
const envelope = z.looseObject({
  id: z.string().min(1),
  op: z.string().min(1),
  schema: z.string().min(1),
  table: z.string().min(1),
  tx: z.looseObject({ committedAt: z.iso.datetime({ offset: true }) }),
});

/** One try of one job: resolves to its return value, rejects with what BullMQ makes a retry or a failure of. */
export async function runJob(
  job: Job<Change>,
  token: string | undefined,
  options: RunOptions,
): Promise<unknown> {
  const { definition, config, pool, metrics, stopping } = options;
  const attempt = job.attemptsMade + 1;
  const change = changeOf(job, options.log);
  const log = options.log.child({
    queue: definition.queue,
    table: change.table,
    op: change.op,
    changeId: change.id,
    attempt,
  });
  const startedMs = performance.now();
  const durationMs = () => Math.round((performance.now() - startedMs) * 1000) / 1000;
  metrics.started(definition.queue);
  try {
    const result = await withDeadline({
      deadlineMs: config.deadlineMs,
      stopping,
      act: signal =>
        processChange(change, { definition, pool, log, signal, deadlineMs: config.deadlineMs, attempt }),
      onOverrun: ranMs =>
        log.error(
          { event: 'handler:overrun', ranMs },
          `The handler of ${describe(change)} ignores its deadline of ${config.deadlineMs} ms; its row waits`,
        ),
    });
    metrics.finished(definition.queue, change, 'processed', durationMs() / 1000);
    log.info({ event: 'change:processed', durationMs: durationMs() }, processedLine(change, result));
    return result;
  } catch (thrown) {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown));
    const attempts = job.opts.attempts ?? 1;
    const verdict = verdictOf({ error, attempt, attempts, stopping: stopping.aborted });
    metrics.finished(definition.queue, change, verdict, durationMs() / 1000);
    logVerdict(log, { verdict, change, error, durationMs: durationMs() });
    throw await settle(job, token, verdict, error);
  }
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

function logVerdict(
  log: Logger,
  {
    verdict,
    change,
    error,
    durationMs,
  }: { verdict: Verdict; change: Change; error: Error; durationMs: number },
): void {
  const { code } = error as Error & { code?: unknown };
  const fields = { durationMs, code, error: reasonOf(error) };
  log.debug({ err: error }, 'The stack of the failure that follows');
  switch (verdict) {
    case 'handed-back':
      log.info(
        { event: 'change:handed-back', ...fields },
        `Handed back, as the process stops: ${describe(change)}`,
      );
      break;
    case 'retried':
      log.warn({ event: 'change:retried', ...fields }, `Will retry: ${describe(change)}`);
      break;
    case 'failed':
      log.error({ event: 'change:failed', ...fields }, `Failed: ${describe(change)}`);
      break;
  }
}

/** What to throw so that BullMQ does with the job as the verdict says. */
async function settle(
  job: Job<Change>,
  token: string | undefined,
  verdict: Verdict,
  error: Error,
): Promise<Error> {
  if (verdict === 'handed-back') {
    await job.moveToWait(token);
    return new WaitingError();
  }
  // Straight to failed, even with attempts left.
  return verdict === 'failed' ? new UnrecoverableError(reasonOf(error)) : error;
}

/** A refused connection to two addresses has a code and no message. */
function reasonOf(error: Error & { readonly code?: unknown }): string {
  if (error instanceof WalmqError) return error.sentence;
  return error.message || String(error.code ?? error.name);
}
