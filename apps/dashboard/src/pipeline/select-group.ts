import { failedIds, kindId } from '@walmq/operations';
import type { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import type { ActionsOptions } from './actions.js';
import type { Observer } from './observer.js';

/** The changes of a group of failures, by the name in `{ group }`. */
export function selectGroup({
  redis,
  queues,
  observer,
}: {
  readonly redis: Redis;
  readonly queues: readonly Queue[];
  readonly observer: Observer;
}): ActionsOptions['select'] {
  return async ({ group }) => {
    const { failures } = await observer.latest();
    const found = failures.groups.find(candidate => kindId(candidate) === group);
    const queue = queues.find(({ name }) => name === found?.queue);
    if (found === undefined || queue === undefined)
      return { status: 404, message: 'No change fails for this reason any more.' };
    const kind = { queue: found.queue, table: found.table, reason: found.reason };
    return [{ queue, ids: await failedIds({ redis, queue, filter: { kind } }) }];
  };
}
