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

/** The field that identifies a change in the inbox and in the records of effects. */
export type ChangeId = Pick<Change, 'id'>;

/** The kit's context for a handler of single changes. */
export interface KitContext {
  /** A logger that adds queue, table, operation, change and attempt to every line. */
  readonly log: Logger;
  /** The job's name: the operation, or an event's type. */
  readonly name: string;
  /**
   * The database and slot that the change came from: six hex digits, or empty for a job that capture did not add. If
   * your own table identifies changes by id, store the source as well, because a database restored from a dump repeats
   * ids.
   */
  readonly source: string;
  /** Aborted at the deadline, and when the process must stop now. */
  readonly signal: AbortSignal;
  /**
   * The job's data as JSON text, as Redis holds it. The parsed change has lost digits of numbers that a double cannot
   * hold.
   */
  json(): Promise<string>;
  /** Number of this attempt, from 1. */
  readonly attempt: number;
  /**
   * Waits until other sessions of PostgreSQL see the change's transaction. `once` and `effect` wait automatically. Call
   * this in handlers that read tables in another way. Throws CHANGE_NOT_VISIBLE, which uses up no attempt.
   */
  visible(change: Committed): Promise<void>;
  /** Runs an effect in PostgreSQL, exactly once. A handler may call it once. Throws ONCE_TWICE. */
  once<T>(change: ChangeId, effect: (tx: PoolClient) => Promise<T>): Promise<T>;
  /**
   * Runs an effect outside PostgreSQL and does not repeat it once it is recorded as done. A handler may have any number
   * of effects, each with its own name.
   */
  effect<T>(change: ChangeId, name: string, act: (identity: EffectIdentity) => Promise<T>): Promise<T>;
}

/** The kit's context together with the `context` of defineWorker: a mailer, a client of another system. */
export type HandlerContext<Given extends object = object> = KitContext & Given;

/** A handler's result is the job's return value, shown in Bull Board and in the log. */
export type Handler<C, Given extends object = object> = (
  change: C,
  context: HandlerContext<Given>,
) => Promise<unknown>;

/** The handlers of one table, by operation. A change without a handler completes with `{ processed: false }`. */
export interface TableHandlers<R, Given extends object = object> {
  readonly insert?: Handler<InsertChange<R>, Given>;
  readonly update?: Handler<UpdateChange<R>, Given>;
  readonly delete?: Handler<DeleteChange<R>, Given>;
  readonly truncate?: Handler<TruncateChange<R>, Given>;
  readonly read?: Handler<ReadChange<R>, Given>;
}

/** Rejects fields with the name of a field of KitContext. */
type Givable<Given> = Given & { readonly [K in keyof KitContext]?: never };

/** Makes `context` required if the handlers need one. */
type Giving<Given extends object> = object extends Given
  ? { readonly context?: Givable<Given> }
  : { readonly context: Givable<Given> };

/** Handlers by table and operation, and by type of event, with erased types for the runner. */
export interface WorkerDefinition {
  /** Name of the queue in walmq.config.ts. */
  readonly queue: string;
  /** Handlers by table and operation. */
  readonly on: ReadonlyMap<string, ReadonlyMap<string, Handler<Change>>>;
  /** Handlers by type of event. `ANY_EVENT` handles events whose type has no handler. */
  readonly events: ReadonlyMap<string, Handler<Change>>;
  /** One handler for several changes at a time, instead of the handlers in `on` and `events`. */
  readonly batch?: BatchDefinition;
}

/** Key of the handler for events whose type has no handler. */
export const ANY_EVENT = '*';

/**
 * Defines a worker: its queue, and the handlers for each table's changes. `Tables` maps names of tables (with the
 * schema, if it is not public) to row types. `Given` is the type of `context`, whose fields handlers find beside the
 * kit's:
 *
 * ```ts
 * defineWorker<{ orders: OrderRow }, { mailer: Mailer }>({
 *   queue: 'orders',
 *   context: { mailer },
 *   on: { orders: { insert: confirmOrder } },
 * })
 * ```
 *
 * `Events` maps types of events to their payloads. The handler `'*'` gets all events whose type has no handler.
 *
 * A worker with `batch` and `onBatch` has one handler for all tables, operations and events. It gets up to `batch.size`
 * changes at a time. Throws WORKER_BATCH_INVALID.
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
    // Not checked at run time, as with single changes: the queue decides which changes come, and the handler's type
    // states which changes it expects.
    const handler = onBatch as unknown as BatchHandler<Change, Given>;
    return {
      queue,
      on: new Map(),
      events: new Map(),
      batch: { ...batch, handler: (changes, kit) => handler(changes, { ...given, ...kit }) },
    };
  }
  const fields = Object.entries(given ?? {});
  const bound =
    (handler: Handler<Change, Given>): Handler<Change> =>
    (change, kit) =>
      handler(change, withFields<Given>(kit, fields));
  // The runner looks up each handler by the operation or type of event for which its parameter is typed. So erasing the
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

/**
 * Adds fields to the kit's context of one change. Not a copy of both: that would make the logger and the signal of every
 * change, which few handlers use.
 */
function withFields<Given extends object>(
  kit: KitContext,
  fields: readonly (readonly [string, unknown])[],
): HandlerContext<Given> {
  const context = kit as unknown as Record<string, unknown>;
  for (const [name, value] of fields) if (!(name in context)) context[name] = value;
  return kit as HandlerContext<Given>;
}
