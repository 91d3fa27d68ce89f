import { type Change, OPERATIONS, tableName } from '@walmq/change';
import type { WalmqConfig } from '@walmq/config';
import { ANY_EVENT, type Handler, type WorkerDefinition } from './define.js';

/**
 * Defines a worker with one handler for every table, operation and event of its queue, for effects that are the same for
 * every change (webhooks, an audit log). The start of the worker rejects a queue that is not configured.
 */
export function everyChange(options: {
  readonly queue: string;
  readonly queues: WalmqConfig['queues'];
  readonly handler: Handler<Change>;
}): WorkerDefinition {
  const { queue, queues, handler } = options;
  const config = Object.hasOwn(queues, queue) ? queues[queue] : undefined;
  const { tables = [], messages = false, outbox = [] } = config ?? {};
  return {
    queue,
    on: new Map(
      tables.map(route => {
        const taken = OPERATIONS.filter(op => route.operations?.has(op) ?? true);
        return [tableName(route), new Map(taken.map(op => [op, handler]))];
      }),
    ),
    events: new Map(messages || outbox.length > 0 ? [[ANY_EVENT, handler]] : []),
  };
}
