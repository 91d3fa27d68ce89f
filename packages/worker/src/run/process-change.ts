import { type Change, tableName } from '@walmq/change';
import { ANY_EVENT, type Handler, type WorkerDefinition } from '../define/define.js';
import { warnOfRenamedEffects } from '../effects/renamed.js';
import { drop, giveUp } from '../failure/thrown.js';
import { describe } from './describe.js';
import { PendingCalls } from './pending-calls.js';
import type { ProcessingOptions } from './processing-options.js';
import type { Tried } from './tried.js';

const MEND_SHAPE =
  'Where it is about the queue, mend walmq.config.ts and start capture again. Then discard this change; "npx walmq backfill" enqueues its row as it is then.';

/**
 * Finds and runs the handler of a change; resolves to the job's return value. Drops changes without a
 * handler. Waits for un-awaited `once` and `effect` calls, so that they cannot race a retry or fail
 * unnoticed.
 */
export async function processChange(tried: Tried, options: ProcessingOptions): Promise<unknown> {
  const { change, job, attempt } = tried;
  const { definition, records, deadlineMs } = options;
  checkShape(change);
  const handler = handlerOf(change, job.name, definition);
  // Not earlier: a change without a handler is dropped, whatever its rows are.
  options.guard(change);
  const calls = new PendingCalls(tried, options);
  const result = await calls.followed.until(
    () => handler(change, calls.context),
    left =>
      tried.log.warn(
        { event: 'handler:not-awaited', calls: left },
        `The handler of ${describe(change)} ended before ${left.join(' and ')} had, for which the kit has waited: await it there`,
      ),
  );
  if (attempt > 1) {
    const { log } = tried;
    const made = { changeId: change.id, jobId: job.id as string, names: calls.effectsOf(change.id) };
    await warnOfRenamedEffects([made], { queue: definition.queue, records, log, deadlineMs });
  }
  return result;
}

/** Gives up on a change that a function of the queue could not be applied to. */
export function checkShape({ shapeError }: Change): void {
  if (shapeError !== undefined) throw giveUp(shapeError, { remedy: MEND_SHAPE });
}

/** An event is labelled by its type, any other change by its operation. */
function handlerOf(change: Change, name: string, { on, events }: WorkerDefinition): Handler<Change> {
  const handlers = on.get(tableName(change));
  const handler = handlers ? handlers.get(change.op) : (events.get(name) ?? events.get(ANY_EVENT));
  if (handler) return handler;
  if (handlers) throw drop(`no handler for ${change.op}`);
  throw drop(change.op === name ? 'unknown table' : 'no handler for this type of event');
}
