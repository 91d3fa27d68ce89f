import { SetMetadata } from '@nestjs/common';
import { MetadataScanner, Reflector } from '@nestjs/core';
import type { Row } from '@walmq/change';
import type {
  BatchLimits,
  DeleteChange,
  InsertChange,
  ReadChange,
  TruncateChange,
  UpdateChange,
} from '@walmq/worker';

/** The changes of a table's rows, by operation. */
export interface RowChanges<R> {
  insert: InsertChange<R>;
  update: UpdateChange<R>;
  delete: DeleteChange<R>;
  truncate: TruncateChange<R>;
  read: ReadChange<R>;
}
/** An operation of a row or a table. */
export type RowOperation = keyof RowChanges<Row>;

/** What a method handles. */
export type Handled =
  | { readonly kind: 'change'; readonly table: string; readonly operation: RowOperation }
  | { readonly kind: 'event'; readonly type: string }
  | { readonly kind: 'batch'; readonly limits: BatchLimits };

export type Method = (...given: never[]) => Promise<unknown>;

/** A method with decorators of walmq. */
export interface DecoratedMethod {
  readonly name: string;
  readonly handled: readonly Handled[];
}

const QUEUE = 'walmq:queue';
const HANDLED = 'walmq:handled';

/** Writes the queue of a class. */
export function ofQueue(queue: string): ClassDecorator {
  return SetMetadata(QUEUE, queue);
}

/** Writes what a method handles, besides what it already does. */
export function handling(handled: readonly Handled[]) {
  return (prototype: object, name: string | symbol, descriptor: PropertyDescriptor): void => {
    const before = handledBy(descriptor.value as Method);
    SetMetadata(HANDLED, [...before, ...handled])(prototype, name, descriptor);
  };
}

/** The queue of a class. Undefined: it is no worker. */
export function queueOf(target: object): string | undefined {
  return new Reflector().get<string | undefined>(QUEUE, target as never);
}

/** The decorated methods of a class and of those that it extends. */
export function decoratedMethods(prototype: object): DecoratedMethod[] {
  return new MetadataScanner()
    .getAllMethodNames(prototype)
    .map(name => ({ name, handled: handledBy((prototype as Record<string, Method>)[name]) }))
    .filter(({ handled }) => handled.length > 0);
}

function handledBy(method: Method | undefined): readonly Handled[] {
  return method === undefined
    ? []
    : (new Reflector().get<readonly Handled[] | undefined>(HANDLED, method) ?? []);
}
