import type { QueueConfig } from '@walmq/config';
import type { Logger } from '@walmq/runtime';
import type { Telemetry } from 'bullmq';
import type { BatchDefinition } from '../define/batch.js';
import type { Records } from '../effects/records.js';
import { warnOfRenamedEffects } from '../effects/renamed.js';
import { checkResults } from '../effects/results.js';
import { errorOf } from '../failure/error-of.js';
import { reasonOf } from '../failure/reason.js';
import type { WorkerMetrics } from '../metrics/metrics.js';
import { withDeadline } from '../run/deadline.js';
import { BatchCalls } from './batch-calls.js';
import { inBatchSpan } from './batch-span.js';
import type { BatchTask } from './batch-task.js';
import { type Split, splitOf } from './split.js';

export interface RunBatchOptions {
  readonly definition: BatchDefinition;
  readonly config: Pick<QueueConfig, 'name' | 'deadlineMs'>;
  readonly records: Records;
  readonly log: Logger;
  readonly metrics: WorkerMetrics;
  readonly stopping: AbortSignal;
  /** BullMQ's; undefined: no spans. */
  readonly telemetry?: Telemetry | undefined;
}

/**
 * Runs the handler on a batch. If the call fails, runs it on parts of the batch, until each change is done or has
 * failed on its own. Never rejects: each task gets the outcome of its change. The next call does not repeat the effects
 * that a failed call committed or recorded. `isAgain`: an earlier call has tried these changes in this attempt.
 */
export async function runBatch(
  batch: readonly BatchTask[],
  options: RunBatchOptions,
  isAgain = false,
): Promise<void> {
  const sorted = batch.toSorted((a, b) => compare(a.changeId, b.changeId) || compare(a.jobId, b.jobId));
  const split = await tryOnce(sorted, options, isAgain);
  if (split?.sideBySide) await Promise.all(split.parts.map(part => runBatch(part, options, true)));
  else for (const part of split?.parts ?? []) await runBatch(part, options, true);
}

/**
 * One call of the handler. Settles the changes whose outcome is known then. Resolves to the parts in which to try the
 * others.
 */
async function tryOnce(
  batch: readonly BatchTask[],
  options: RunBatchOptions,
  isAgain: boolean,
): Promise<Split<BatchTask> | undefined> {
  const { definition, config, records, metrics, stopping, telemetry } = options;
  const queue = config.name;
  const log = options.log.child({ queue, batch: batch.length });
  if (stopping.aborted) {
    for (const task of batch) task.reject(stopping.reason);
    return undefined;
  }
  const startedMs = performance.now();
  const failures = new Map<BatchTask, Error>();
  try {
    const places = batch.map(({ trace }) => trace);
    const results = await inBatchSpan({ telemetry, queue, places }, () =>
      withDeadline({
        deadlineMs: config.deadlineMs,
        stopping,
        act: async ({ signal }) => {
          const calls = new BatchCalls(batch, {
            queue,
            records,
            log,
            signal,
            deadlineMs: config.deadlineMs,
            failures,
          });
          const changes = batch.map(({ change }) => change);
          const given = await calls.followed.until(
            async () => await definition.handler(changes, calls.context),
            left =>
              log.warn(
                { event: 'handler:not-awaited', calls: left },
                `The handler of a batch ended before ${left.join(' and ')} had, for which the kit has waited: await it there`,
              ),
          );
          checkResults(batch, given ?? undefined);
          await warnOfRenamedEffects(
            batch
              .filter(({ job }) => isAgain || job.attempt > 1)
              .map(task => ({ ...task, names: calls.effectsOf(task) })),
            { queue, records, log, deadlineMs: config.deadlineMs },
          );
          return given ?? [];
        },
        onOverrun: ranMs =>
          log.error(
            { event: 'handler:overrun', ranMs },
            `The handler of a batch ignores its deadline of ${config.deadlineMs} ms; its rows wait`,
          ),
      }),
    );
    for (const [index, task] of batch.entries()) if (!failures.has(task)) task.resolve(results[index]);
    return undefined;
  } catch (thrown) {
    const error = errorOf(thrown);
    const left = batch.filter(task => !failures.has(task));
    const split = splitOf(left, { error, stopping: stopping.aborted });
    if (!split) for (const task of left) task.reject(error);
    else {
      metrics.batchSplit(queue);
      log.warn(
        { event: 'batch:split', parts: split.parts.length, error: reasonOf(error) },
        `A batch of ${left.length} changes failed: its parts are tried by themselves`,
      );
    }
    return split;
  } finally {
    for (const [task, error] of failures) task.reject(error);
    metrics.batchEnded(queue, batch.length, (performance.now() - startedMs) / 1000);
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
