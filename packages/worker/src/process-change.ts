import { type Change, WalmqError } from '@walmq/change';
import type { Logger } from '@walmq/service';
import type { Pool } from 'pg';
import type { HandlerContext, WorkerDefinition } from './define.js';
import { effect } from './effect.js';
import { once } from './once.js';

export interface ProcessingOptions {
  readonly definition: WorkerDefinition;
  readonly pool: Pool;
  readonly log: Logger;
  readonly signal: AbortSignal;
  readonly attempt: number;
}

/** Finds the handler of a change and runs it; resolves to the job's return value. */
export async function processChange(change: Change, options: ProcessingOptions): Promise<unknown> {
  const handlers = options.definition.on[change.table];
  if (!handlers) return { processed: false, reason: 'unknown table' };
  const handler = handlers[change.op];
  if (!handler) return { processed: false, reason: `no handler for ${change.op}` };
  return await handler(change, handlerContext(options));
}

function handlerContext({ definition, pool, log, signal, attempt }: ProcessingOptions): HandlerContext {
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
      return await once(pool, { queue, changeId: change.id }, act);
    },
    effect: (change, name, act) => effect(pool, { queue, changeId: change.id }, name, act),
  };
}
