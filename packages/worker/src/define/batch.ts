import { type Change, type EventChange, WalmqError } from '@walmq/change';
import type { Logger } from '@walmq/runtime';
import type { PoolClient } from 'pg';
import type { EffectIdentity } from '../effects/effect.js';
import type { Delay } from '../failure/thrown.js';
import type { DeleteChange, InsertChange, ReadChange, TruncateChange, UpdateChange } from './row-changes.js';

export interface BatchLimits {
  /** Changes in one call of the handler at most; 1 to 1000. */
  readonly size: number;
  /** Milliseconds that the first change of a batch waits for others at most; 0 to 1000. */
  readonly waitMs: number;
}

/** The name in `change.table`: without the schema; of a quoted name any text. */
type NameIn<T extends string> = T extends `${string}"${string}`
  ? string
  : T extends `${string}.${infer Name}`
    ? Name
    : T;

type AnyChange<R> = InsertChange<R> | UpdateChange<R> | DeleteChange<R> | TruncateChange<R> | ReadChange<R>;

/** A change of any of the tables, told apart by `table` and `op`; an event too where the types of events are given. */
export type BatchChange<Tables, Events = Record<string, unknown>> =
  | { [T in keyof Tables & string]: AnyChange<Tables[T]> & { readonly table: NameIn<T> } }[keyof Tables &
      string]
  | (string extends keyof Events ? never : EventChange<Events[keyof Events]>);

/** What is known of a change's job. */
export interface BatchJob {
  /** Of a change its operation, of an event its type. */
  readonly name: string;
  /** Which database and slot the change came from, as in a single handler's context. */
  readonly source: string;
  /** Which try of this change this is, from 1. */
  readonly attempt: number;
  /** The job's data as the JSON text that it is in Redis. */
  json(): Promise<string>;
}

/** What an outside system can tell repetitions by. */
export interface BatchIdentity<C> {
  /** Of this set of changes. A retry may have another set, and then has another key: see docs/guides/workers.md. */
  readonly idempotencyKey: string;
  /** Of one change: the same at every try, in whatever batch. */
  of(change: C): EffectIdentity;
}

/** One result for each change of the list, in its order; or none at all. */
type Results<R> = Promise<readonly R[]> | Promise<void>;

/**
 * What the kit gives a handler of batches. Every list of changes may be a part of the batch. A change that `drop`, `giveUp`,
 * `postpone` or `fail` has settled is left out by all calls that follow; its place in their results is undefined.
 */
export interface BatchContext<C> {
  readonly log: Logger;
  /** Aborted at the deadline of this call, and when the process has to stop now. */
  readonly signal: AbortSignal;
  job(change: C): BatchJob;
  /**
   * An effect in PostgreSQL, exactly once for each change: one transaction, in which `act` is given the changes whose effect was
   * not made before. `act` may run again, after a conflict or without a change that it has settled, in a new transaction.
   * Resolves to a result for each change. Throws ONCE_TWICE for a change that has been in such a call before.
   */
  once<D extends C, R>(
    changes: readonly D[],
    act: (tx: PoolClient, due: readonly D[]) => Results<R>,
  ): Promise<(R | undefined)[]>;
  /**
   * An effect outside PostgreSQL for several changes at once: `act` is given those whose effect is not recorded as done.
   * Those that it has not settled by `fail` are recorded after it. Throws EFFECT_TWICE, EFFECT_NOT_RECORDED.
   */
  effect<D extends C, R>(
    changes: readonly D[],
    name: string,
    act: (due: readonly D[], identity: BatchIdentity<D>) => Results<R>,
  ): Promise<(R | undefined)[]>;
  /** Waits until PostgreSQL shows the transactions of the changes. Postpones the others; resolves to those that it shows. */
  visible<D extends C>(changes: readonly D[]): Promise<D[]>;
  /** Completes a change without an effect. */
  drop(change: C, reason: string): void;
  /** Fails a change for good. */
  giveUp(change: C, message: string, detail?: { readonly remedy?: string }): void;
  /** Tries a change again after a time, without the loss of an attempt. */
  postpone(change: C, message: string, retryAfterMs: Delay): void;
  /** Settles a change as if it had been alone and its handler had thrown this. */
  fail(change: C, error: unknown): void;
}

/**
 * Resolves to one result for each change, in their order, or to nothing. The changes are sorted by their ids, which is the
 * order of their commits. An error that names one of them in its field `changeId` is taken to be that change's.
 */
export type BatchHandler<C, Given extends object = object> = (
  changes: readonly C[],
  context: BatchContext<C> & Given,
) => Results<unknown>;

export interface BatchDefinition extends BatchLimits {
  readonly handler: BatchHandler<Change>;
}

/** Throws WORKER_BATCH_INVALID. */
export function checkLimits(queue: string, { size, waitMs }: BatchLimits): void {
  const isValid = Number.isInteger(size) && size >= 1 && size <= 1000 && waitMs >= 0 && waitMs <= 1000;
  if (isValid) return;
  throw new WalmqError(
    'WORKER_BATCH_INVALID',
    `queue "${queue}" has a batch of size ${size}, waitMs ${waitMs}.`,
    {
      remedy: 'Give it a size from 1 to 1000 and a waitMs from 0 to 1000.',
      facts: { queue, size, waitMs },
    },
  );
}
