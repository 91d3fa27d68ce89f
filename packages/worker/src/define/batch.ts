import { type Change, type EventChange, WalmqError } from '@walmq/change';
import type { Logger } from '@walmq/runtime';
import type { PoolClient } from 'pg';
import type { EffectIdentity } from '../effects/effect.js';
import type { Delay } from '../failure/thrown.js';
import type { DeleteChange, InsertChange, ReadChange, TruncateChange, UpdateChange } from './row-changes.js';

/** When the kit calls a handler of batches. */
export interface BatchLimits {
  /** Maximum number of changes in one call of the handler: 1 to 1000. */
  readonly size: number;
  /** Maximum milliseconds that the first change of a batch waits for others: 0 to 1000. */
  readonly waitMs: number;
}

/** The type of `change.table`: the name without the schema, or any string for a quoted name. */
type NameIn<T extends string> = T extends `${string}"${string}`
  ? string
  : T extends `${string}.${infer Name}`
    ? Name
    : T;

/** A change of a table with rows of type `R`, discriminated by `op`. */
export type AnyChange<R> =
  | InsertChange<R>
  | UpdateChange<R>
  | DeleteChange<R>
  | TruncateChange<R>
  | ReadChange<R>;

/**
 * A change of any of the tables, discriminated by `table` and `op`; also an event, if `Events` gives the types of
 * events.
 */
export type BatchChange<Tables, Events = Record<string, unknown>> =
  | { [T in keyof Tables & string]: AnyChange<Tables[T]> & { readonly table: NameIn<T> } }[keyof Tables &
      string]
  | (string extends keyof Events ? never : EventChange<Events[keyof Events]>);

/** Facts about a change's job. */
export interface BatchJob {
  /** The job's name: the operation, or an event's type. */
  readonly name: string;
  /** The database and slot that the change came from, as in the context of a handler of single changes. */
  readonly source: string;
  /** Number of this attempt, from 1. */
  readonly attempt: number;
  /** The job's data as JSON text, as Redis holds it. */
  json(): Promise<string>;
}

/** Keys by which an outside system recognises repetitions. */
export interface BatchIdentity<C> {
  /** Key of this set of changes. A retry may have another set and then another key: see docs/guides/workers.md. */
  readonly idempotencyKey: string;
  /** Identity of one change: the same at every attempt and in every batch. */
  of(change: C): EffectIdentity;
}

/** One result for each change of the list, in the same order, or no results. */
type Results<R> = Promise<readonly R[]> | Promise<void>;

/**
 * The kit's context for a handler of batches. Every list of changes may be a part of the batch. Later calls skip a
 * change that `drop`, `giveUp`, `postpone` or `fail` has settled. Its place in their results is undefined.
 */
export interface BatchContext<C> {
  /** A logger that adds the queue to every line. */
  readonly log: Logger;
  /** Aborted at the deadline of this call, and when the process must stop now. */
  readonly signal: AbortSignal;
  /** Facts about the job of a change. */
  job(change: C): BatchJob;
  /**
   * Runs an effect in PostgreSQL, exactly once for each change. `act` gets a transaction and the changes whose effect
   * is not in the inbox yet. It may run again in a new transaction, after a conflict or without a change that it has
   * settled. Resolves to one result for each change. Throws ONCE_TWICE for a change of an earlier call of `once`.
   */
  once<D extends C, R>(
    changes: readonly D[],
    act: (tx: PoolClient, due: readonly D[]) => Results<R>,
  ): Promise<(R | undefined)[]>;
  /**
   * Runs an effect outside PostgreSQL for several changes at once. `act` gets the changes whose effect is not recorded
   * as done. Afterwards the kit records the effect for all changes that `act` has not settled with `fail`. Throws
   * EFFECT_TWICE, EFFECT_NOT_RECORDED.
   */
  effect<D extends C, R>(
    changes: readonly D[],
    name: string,
    act: (due: readonly D[], identity: BatchIdentity<D>) => Results<R>,
  ): Promise<(R | undefined)[]>;
  /**
   * Waits until other sessions of PostgreSQL see the changes' transactions. Resolves to those changes, postpones the
   * others.
   */
  visible<D extends C>(changes: readonly D[]): Promise<D[]>;
  /** Completes a change without an effect. */
  drop(change: C, reason: string): void;
  /** Fails a change for good. */
  giveUp(change: C, message: string, detail?: { readonly remedy?: string }): void;
  /** Retries a change after `retryAfterMs` without using up an attempt. */
  postpone(change: C, message: string, retryAfterMs: Delay): void;
  /** Settles a change as if a handler of single changes had thrown this error for it. */
  fail(change: C, error: unknown): void;
}

/**
 * Resolves to one result for each change, in their order, or to nothing. The changes are sorted by id, so in the order
 * of their commits. If a thrown error names one of them in its field `changeId`, the kit attributes the error to that
 * change.
 */
export type BatchHandler<C, Given extends object = object> = (
  changes: readonly C[],
  context: BatchContext<C> & Given,
) => Results<unknown>;

/** The limits of a batch and its handler, with erased types for the runner. */
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
