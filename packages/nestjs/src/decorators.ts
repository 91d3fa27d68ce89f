import type { EventChange, Json } from '@walmq/change';
import type { BatchChange, BatchContext, BatchLimits, HandlerContext } from '@walmq/worker';
import { handling, ofQueue, type RowChanges, type RowOperation } from './metadata.js';

/** A decorator of methods that can be called with these parameters. */
export type Decorates<Parameters extends readonly unknown[]> = <
  M extends (...given: Parameters) => Promise<unknown>,
>(
  prototype: object,
  name: string | symbol,
  descriptor: TypedPropertyDescriptor<M>,
) => void;

/** Makes a class a worker of a queue. Classes of the same queue are one worker. */
export function WalmqWorker(queue: string): ClassDecorator {
  return ofQueue(queue);
}

/** The decorators of methods. They compile for methods whose change has the types of the table or event. */
export interface HandlerDecorators<Tables, Events> {
  /** The method handles these operations of a table. */
  OnChange<T extends keyof Tables & string, O extends RowOperation>(
    table: T,
    ...operations: readonly [O, ...O[]]
  ): Decorates<[change: RowChanges<Tables[T]>[O], context: HandlerContext]>;
  /** The method handles the events of a type. `'*'`: the events whose type has no method. */
  OnWalmqEvent<E extends keyof Events & string>(
    type: E | '*',
  ): Decorates<[change: EventChange<Events[E]>, context: HandlerContext]>;
  /** The method handles up to `size` changes of all tables and events of the queue at a time. */
  OnBatch(
    limits: BatchLimits,
  ): Decorates<
    [changes: readonly BatchChange<Tables, Events>[], context: BatchContext<BatchChange<Tables, Events>>]
  >;
}

/**
 * The decorators for the tables that `walmq types` has written: a method whose change has other types does not compile.
 *
 * ```ts
 * export const { OnChange, OnWalmqEvent, OnBatch } = decoratorsFor<Tables>();
 * ```
 */
export function decoratorsFor<
  Tables extends { [T in keyof Tables]: object },
  Events extends { [E in keyof Events]: unknown } = Record<string, Json>,
>(): HandlerDecorators<Tables, Events> {
  return { OnChange, OnWalmqEvent, OnBatch } as HandlerDecorators<Tables, Events>;
}

/** The method handles these operations of a table. `decoratorsFor` returns one that checks the type of the change. */
export function OnChange(
  table: string,
  ...operations: readonly [RowOperation, ...RowOperation[]]
): Decorates<[never, never]> {
  return handling(operations.map(operation => ({ kind: 'change', table, operation })));
}

/** The method handles the events of a type. `'*'`: the events whose type has no method. */
export function OnWalmqEvent(type: string): Decorates<[never, never]> {
  return handling([{ kind: 'event', type }]);
}

/** The method handles up to `size` changes of all tables and events of the queue at a time. */
export function OnBatch(limits: BatchLimits): Decorates<[never, never]> {
  return handling([{ kind: 'batch', limits }]);
}
