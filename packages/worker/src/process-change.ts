import { type Change, WalmqError } from '@walmq/change';
import type { Logger } from '@walmq/service';
import type { Pool } from 'pg';
import { ANY_EVENT, type Handler, type KitContext, type WorkerDefinition } from './define.js';
import { tableName } from './describe.js';
import { effect } from './effect.js';
import { once } from './once.js';
import { drop } from './thrown.js';

export interface ProcessingOptions {
  readonly definition: WorkerDefinition;
  readonly jobId: string;
  /** The job's name: the operation, or an event's type. */
  readonly name: string;
  readonly pool: Pool;
  readonly log: Logger;
  readonly signal: AbortSignal;
  readonly deadlineMs: number;
  /** From 1. */
  readonly attempt: number;
}

/** Finds the handler of a change and runs it; resolves to the job's return value. Drops what has no handler. */
export async function processChange(change: Change, options: ProcessingOptions): Promise<unknown> {
  return await handlerOf(change, options)(change, handlerContext(options));
}

/** An event is named by its type, where a change is by its operation. */
function handlerOf(
  change: Change,
  { definition, name }: Pick<ProcessingOptions, 'definition' | 'name'>,
): Handler<Change> {
  const { on, events } = definition;
  const handlers = on.get(tableName(change));
  const handler = handlers ? handlers.get(change.op) : (events.get(name) ?? events.get(ANY_EVENT));
  if (handler) return handler;
  if (handlers) throw drop(`no handler for ${change.op}`);
  throw drop(change.op === name ? 'unknown table' : 'no handler for this type of event');
}

function handlerContext(options: ProcessingOptions): KitContext {
  const { definition, jobId, pool, log, signal, deadlineMs, attempt } = options;
  const { queue } = definition;
  let usedOnce = false;
  return {
    log,
    signal,
    attempt,
    async once(change, act) {
      // A second one would find the first one's row and take it for its own.
      if (usedOnce)
        throw new WalmqError('ONCE_TWICE', 'a handler called once() twice for one change.', {
          remedy: 'Put both effects into one transaction.',
        });
      usedOnce = true;
      return await once({ pool, queue, changeId: change.id, jobId, signal, deadlineMs }, act);
    },
    effect: (change, name, act) => effect({ pool, queue, changeId: change.id, jobId, name, deadlineMs }, act),
  };
}
