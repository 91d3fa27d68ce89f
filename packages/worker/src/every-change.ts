import { type Change, OPERATIONS } from '@walmq/change';
import type { WalmqConfig } from '@walmq/config';
import type { Handler, WorkerDefinition } from './define.js';
import { tableName } from './describe.js';

/**
 * A worker with one handler for every table and operation that feeds its queue: for what is made of changes whatever
 * they are of (webhooks, an audit log). A queue that is not configured is refused when the worker starts.
 */
export function everyChange(options: {
  readonly queue: string;
  readonly queues: WalmqConfig['queues'];
  readonly handler: Handler<Change>;
}): WorkerDefinition {
  const { queue, queues, handler } = options;
  const tables = Object.hasOwn(queues, queue) ? (queues[queue]?.tables ?? []) : [];
  return {
    queue,
    on: new Map(
      tables.map(route => {
        const taken = OPERATIONS.filter(op => route.operations?.has(op) ?? true);
        return [tableName(route), new Map(taken.map(op => [op, handler]))];
      }),
    ),
  };
}
