import type { Change, Row } from '@walmq/change';
import type { Logger } from '@walmq/service';
import type { PoolClient } from 'pg';
import type { EffectIdentity } from './effect.js';

export type InsertChange<R> = Change<R> & { op: 'insert'; before: null; after: R };
/** `before` is whole with REPLICA IDENTITY FULL, which `walmq setup` sees to; `wholeBefore` makes sure. */
export type UpdateChange<R> = Change<R> & { op: 'update'; after: R };
export type DeleteChange<R> = Change<R> & { op: 'delete'; before: R; after: null };
export type TruncateChange<R> = Change<R> & { op: 'truncate'; before: null; after: null };

/** What the inbox and the ledger of effects know a change by. */
export type ChangeId = Pick<Change, 'id'>;

/** What a handler is given besides its change. */
export interface HandlerContext {
  readonly log: Logger;
  /** Aborted at the deadline, and when the process has to stop now. */
  readonly signal: AbortSignal;
  /** Which try this is, from 1. */
  readonly attempt: number;
  /** An effect in PostgreSQL, exactly once; at most one per handler. Throws ONCE_TWICE. */
  once<T>(change: ChangeId, effect: (tx: PoolClient) => Promise<T>): Promise<T>;
  /** An effect outside PostgreSQL, not repeated once it is recorded as done; any number of them, by name. */
  effect<T>(change: ChangeId, name: string, act: (identity: EffectIdentity) => Promise<T>): Promise<T>;
}

/** What a handler returns is the job's return value, shown in Bull Board and in the log. */
export type Handler<C> = (change: C, context: HandlerContext) => Promise<unknown>;

export interface TableHandlers<R> {
  readonly insert?: Handler<InsertChange<R>>;
  readonly update?: Handler<UpdateChange<R>>;
  readonly delete?: Handler<DeleteChange<R>>;
  readonly truncate?: Handler<TruncateChange<R>>;
}

/** Handlers by table and operation, erased to what the runner calls. */
export interface WorkerDefinition {
  readonly queue: string;
  readonly on: ReadonlyMap<string, ReadonlyMap<string, Handler<Change>>>;
}

/**
 * A worker: which queue, and what to do with each table's changes. `Tables` gives the row types by table name, with
 * its schema in front when that is not public:
 *
 * ```ts
 * defineWorker<{ orders: OrderRow }>({ queue: 'orders', on: { orders: { insert: confirmOrder } } })
 * ```
 */
export function defineWorker<
  Tables extends { [T in keyof Tables]: object } = Record<string, Row>,
>(definition: {
  readonly queue: string;
  readonly on: { readonly [T in keyof Tables]?: TableHandlers<Tables[T]> };
}): WorkerDefinition {
  const tables = Object.entries<object>(definition.on as Readonly<Record<string, object>>);
  return {
    queue: definition.queue,
    // Each handler is found by the very operation its parameter is typed for, so the erased type is as good.
    on: new Map(tables.map(([table, handlers]) => [table, new Map(Object.entries(handlers))])),
  };
}
