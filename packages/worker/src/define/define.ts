import { type Change, type EventChange, type Json, normalTableName, type Row } from '@walmq/change';
import type { Logger } from '@walmq/runtime';
import type { PoolClient } from 'pg';
import type { EffectIdentity } from '../effects/effect.js';
import type { Committed } from '../effects/visible.js';
import {
  type BatchChange,
  type BatchDefinition,
  type BatchHandler,
  type BatchLimits,
  checkLimits,
} from './batch.js';
import type { DeleteChange, InsertChange, ReadChange, TruncateChange, UpdateChange } from './row-changes.js';

/** What identifies a change in the inbox and in the ledger of effects. */
export type ChangeId = Pick<Change, 'id'>;

/** What the kit adds to a handler's change. */
export interface KitContext {
  readonly log: Logger;
  /** The job's name: the operation, or an event's type. */
  readonly name: string;
  /**
   * The database and slot that the change came from: six hex digits, or empty for a job that capture did not
   * add. A table of your own that identifies changes by id needs this too: in a database restored from a
   * dump, ids come again.
   */
  readonly source: string;
  /** Aborted at the deadline, and when the process must stop now. */
  readonly signal: AbortSignal;
  /** The job's data as JSON text, as Redis holds it. Parsed, numbers beyond a double lose digits. */
  json(): Promise<string>;
  /** Number of this attempt, from 1. */
  readonly attempt: number;
  /**
   * Waits until other sessions of PostgreSQL see the change's transaction. `once` and `effect` do this by
   * themselves; call it in handlers that read tables in another way. Throws CHANGE_NOT_VISIBLE, which uses up
   * no attempt.
   */
  visible(change: Committed): Promise<void>;
  /** An effect in PostgreSQL, exactly once; at most one per handler. Throws ONCE_TWICE. */
  once<T>(change: ChangeId, effect: (tx: PoolClient) => Promise<T>): Promise<T>;
  /**
   * An effect outside PostgreSQL, not repeated once it is recorded as done. Any number of them, each with its
   * own name.
   */
  effect<T>(change: ChangeId, name: string, act: (identity: EffectIdentity) => Promise<T>): Promise<T>;
}

/** The kit's context and what the app gave to defineWorker: a mailer, a client of another system. */
export type HandlerContext<Given extends object = object> = KitContext & Given;

/** A handler's result is the job's return value, shown in Bull Board and in the log. */
export type Handler<C, Given extends object = object> = (
  change: C,
  context: HandlerContext<Given>,
) => Promise<unknown>;

export interface TableHandlers<R, Given extends object = object> {
  readonly insert?: Handler<InsertChange<R>, Given>;
  readonly update?: Handler<UpdateChange<R>, Given>;
  readonly delete?: Handler<DeleteChange<R>, Given>;
  readonly truncate?: Handler<TruncateChange<R>, Given>;
  readonly read?: Handler<ReadChange<R>, Given>;
}

/** None of its fields may have the name of a field of the kit. */
type Givable<Given> = Given & { readonly [K in keyof KitContext]?: never };

/** Required if the handlers need a context; absent otherwise. */
type Giving<Given extends object> = object extends Given
  ? { readonly context?: Givable<Given> }
  : { readonly context: Givable<Given> };

/** Handlers by table and operation and by type of event, with the types erased for the runner. */
export interface WorkerDefinition {
  readonly queue: string;
  readonly on: ReadonlyMap<string, ReadonlyMap<string, Handler<Change>>>;
  /** By type; `ANY_EVENT` handles events without a handler of their own. */
  readonly events: ReadonlyMap<string, Handler<Change>>;
  /** In place of the handlers above: one handler that is given several changes. */
  readonly batch?: BatchDefinition;
}

/** Stands for any type that has no handler of its own. */
export const ANY_EVENT = '*';

/**
 * A worker: which queue, and what to do with each table's changes. `Tables` gives the row types by table name, with
 * its schema in front when that is not public; `Given` is what the handlers find in their context besides the kit's:
 *
 * ```ts
 * defineWorker<{ orders: OrderRow }, { mailer: Mailer }>({
 *   queue: 'orders',
 *   context: { mailer },
 *   on: { orders: { insert: confirmOrder } },
 * })
 * ```
 *
 * `Events` gives the payloads of the events it handles, by type; the handler `'*'` is for all others.
 *
 * A worker with `batch` and `onBatch` has one handler, which is given up to `batch.size` changes at a time, whatever
 * they are of. Throws WORKER_BATCH_INVALID.
 */
export function defineWorker<
  Tables extends { [T in keyof Tables]: object } = Record<string, Row>,
  Given extends object = object,
  Events extends { [E in keyof Events]: unknown } = Record<string, Json>,
>(
  definition: { readonly queue: string } & Giving<Given> &
    (
      | {
          readonly events?: { readonly [E in keyof Events]?: Handler<EventChange<Events[E]>, Given> };
          readonly on?: { readonly [T in keyof Tables]?: TableHandlers<Tables[T], Given> };
          readonly batch?: never;
          readonly onBatch?: never;
        }
      | {
          readonly batch: BatchLimits;
          readonly onBatch: BatchHandler<BatchChange<Tables, Events>, Given>;
          readonly events?: never;
          readonly on?: never;
        }
    ),
): WorkerDefinition {
  const given = definition.context as Given;
  const { queue, batch, onBatch } = definition;
  if (batch) {
    checkLimits(queue, batch);
    // The queue decides which changes come, and the handler's type which it expects: as with single ones.
    const handler = onBatch as unknown as BatchHandler<Change, Given>;
    return {
      queue,
      on: new Map(),
      events: new Map(),
      batch: { ...batch, handler: (changes, kit) => handler(changes, { ...given, ...kit }) },
    };
  }
  const bound =
    (handler: Handler<Change, Given>): Handler<Change> =>
    (change, kit) =>
      handler(change, { ...given, ...kit });
  // The runner finds each handler by the operation or type for which its parameter is typed, so erasing the
  // types is safe.
  const erased = (handlers: object) =>
    new Map(
      Object.entries(handlers as Readonly<Record<string, Handler<Change, Given>>>).map(([name, handler]) => [
        name,
        bound(handler),
      ]),
    );
  const on = Object.entries<object>((definition.on ?? {}) as Readonly<Record<string, object>>);
  return {
    queue,
    on: new Map(on.map(([table, handlers]) => [normalTableName(table), erased(handlers)])),
    events: erased(definition.events ?? {}),
  };
}
