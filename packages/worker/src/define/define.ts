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

/** What the inbox and the ledger of effects know a change by. */
export type ChangeId = Pick<Change, 'id'>;

/** What the kit gives a handler besides its change. */
export interface KitContext {
  readonly log: Logger;
  /** The job's name: of a change its operation, of an event its type. */
  readonly name: string;
  /**
   * Which database and slot the change came from: six hex digits, or empty for a job that capture did not add. A table of
   * your own that knows changes by their id needs it too: in a database restored from a dump, ids come again.
   */
  readonly source: string;
  /** Aborted at the deadline, and when the process has to stop now. */
  readonly signal: AbortSignal;
  /** The job's data as the JSON text that it is in Redis: parsed, numbers beyond a double lose their last digits. */
  json(): Promise<string>;
  /** Which try this is, from 1. */
  readonly attempt: number;
  /**
   * Waits until PostgreSQL shows the change's transaction to other sessions, as `once` and `effect` do by themselves: for
   * handlers that read tables in another way. Throws CHANGE_NOT_VISIBLE, by which no attempt is lost.
   */
  visible(change: Committed): Promise<void>;
  /** An effect in PostgreSQL, exactly once; at most one per handler. Throws ONCE_TWICE. */
  once<T>(change: ChangeId, effect: (tx: PoolClient) => Promise<T>): Promise<T>;
  /** An effect outside PostgreSQL, not repeated once it is recorded as done; any number of them, by name. */
  effect<T>(change: ChangeId, name: string, act: (identity: EffectIdentity) => Promise<T>): Promise<T>;
}

/** The same and what the app gave to defineWorker: a mailer, a client of some other system. */
export type HandlerContext<Given extends object = object> = KitContext & Given;

/** What a handler returns is the job's return value, shown in Bull Board and in the log. */
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

/** No field of it may be named as one of the kit's own. */
type Givable<Given> = Given & { readonly [K in keyof KitContext]?: never };

/** What handlers need has to be given; where they need nothing, nothing has to be said. */
type Giving<Given extends object> = object extends Given
  ? { readonly context?: Givable<Given> }
  : { readonly context: Givable<Given> };

/** Handlers by table and operation and by type of event, erased to what the runner calls. */
export interface WorkerDefinition {
  readonly queue: string;
  readonly on: ReadonlyMap<string, ReadonlyMap<string, Handler<Change>>>;
  /** By type; `ANY_EVENT` is for those without a handler of their own. */
  readonly events: ReadonlyMap<string, Handler<Change>>;
  /** In place of the handlers above: one handler that is given several changes. */
  readonly batch?: BatchDefinition;
}

/** In place of a type: the handler of events that have none of their own. */
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
  // Each handler is found by the very operation or type its parameter is typed for, so the erased type is as good.
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
