import { type Change, normalTableName, WalmqError } from '@walmq/change';
import { defineWorker, type Handler, type TableHandlers, type WorkerDefinition } from '@walmq/worker';
import { decoratedMethods, type Handled, queueOf } from './metadata.js';

/** An object with decorated methods. */
export interface WorkerObject {
  readonly instance: object;
  /** Resolves to the object whose methods handle a change. Default: `instance`. */
  readonly resolve?: (change: Change | readonly Change[]) => Promise<object>;
}

/** A method that handles something. */
interface Found {
  /** `OrdersWorker.confirm` */
  readonly place: string;
  readonly handled: Handled;
  readonly call: (change: Change | readonly Change[], context: unknown) => Promise<unknown>;
}

/**
 * The worker that an object with decorated methods is, for `testHandler`. Throws WORKER_CLASS_INVALID.
 *
 * ```ts
 * const tested = await testHandler(definitionOf(new OrdersWorker(mailer)), insert('orders', order));
 * ```
 */
export function definitionOf(instance: object): WorkerDefinition {
  const [definition] = definitionsOf([{ instance }]);
  if (definition) return definition;
  throw invalid(
    `${nameOf(instance)} is no worker.`,
    'Give the class @WalmqWorker, and its methods @OnChange.',
  );
}

/** One worker for each queue. Objects that have nothing of walmq are ignored. Throws WORKER_CLASS_INVALID. */
export function definitionsOf(objects: readonly WorkerObject[]): WorkerDefinition[] {
  const queues = new Map<string, Found[]>();
  for (const object of objects) {
    const queue = queueOf(object.instance.constructor);
    const found = foundIn(object);
    if (queue === undefined) {
      const [first] = found;
      if (first === undefined) continue;
      throw invalid(
        `${first.place} handles changes, but its class is no worker.`,
        'Give the class @WalmqWorker with the name of the queue.',
      );
    }
    if (found.length === 0)
      throw invalid(
        `${nameOf(object.instance)} is a worker of queue "${queue}" without a method that handles changes.`,
        'Give a method @OnChange, @OnWalmqEvent or @OnBatch.',
      );
    queues.set(queue, [...(queues.get(queue) ?? []), ...found]);
  }
  return [...queues].map(([queue, found]) => definitionFrom(queue, found));
}

function foundIn({ instance, resolve = async () => instance }: WorkerObject): Found[] {
  return decoratedMethods(Object.getPrototypeOf(instance)).flatMap(({ name, handled }) =>
    handled.map(each => ({
      place: `${nameOf(instance)}.${name}`,
      handled: each,
      call: async (change, context) => {
        const worker = (await resolve(change)) as Record<string, (...given: unknown[]) => Promise<unknown>>;
        return await worker[name]?.(change, context);
      },
    })),
  );
}

function definitionFrom(queue: string, found: readonly Found[]): WorkerDefinition {
  const [first] = found;
  if (first?.handled.kind === 'batch' && found.length === 1)
    return defineWorker({
      queue,
      batch: first.handled.limits,
      onBatch: first.call as Found['call'] & (() => Promise<void>),
    });
  const on = new Map<string, Record<string, Handler<Change>>>();
  const events = new Map<string, Handler<Change>>();
  const places = new Map<string, string>();
  for (const each of found) {
    const { handled, place, call } = each;
    if (handled.kind === 'batch') {
      const other = found.find(({ place: at }) => at !== place) ?? each;
      throw invalid(
        `queue "${queue}" has the handler of batches ${place} and also ${other.place}.`,
        'A handler of batches handles all changes of its queue: remove the others.',
      );
    }
    const what =
      handled.kind === 'event'
        ? `event "${handled.type}"`
        : `${handled.operation} of table "${normalTableName(handled.table)}"`;
    const before = places.get(what);
    if (before !== undefined)
      throw invalid(
        `queue "${queue}" has two handlers for ${what}: ${before} and ${place}.`,
        'Leave one of them, and call the other from it. A class that two modules provide is there twice.',
      );
    places.set(what, place);
    if (handled.kind === 'event') events.set(handled.type, call);
    else {
      const table = normalTableName(handled.table);
      on.set(table, { ...on.get(table), [handled.operation]: call });
    }
  }
  return defineWorker({
    queue,
    on: Object.fromEntries(on) as Record<string, TableHandlers<never>>,
    events: Object.fromEntries(events) as Record<string, never>,
  });
}

function nameOf(instance: object): string {
  return instance.constructor.name;
}

function invalid(sentence: string, remedy: string): WalmqError {
  return new WalmqError('WORKER_CLASS_INVALID', sentence, { remedy });
}
