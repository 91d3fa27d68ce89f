import type { PoolClient } from 'pg';
import { throughConflicts } from '../effects/conflicts.js';
import { type EffectIdentity, type EffectOptions, effectIdentity } from '../effects/effect.js';
import {
  type BatchEffectIdentity,
  type EffectForAllOptions,
  keyOfAll,
  resultsOf,
} from '../effects/effect-for-all.js';
import type { OnceOptions } from '../effects/once.js';
import {
  actOn,
  distinct,
  type Entry,
  entryKey,
  type OnceForAllOptions,
  Settled,
} from '../effects/once-for-all.js';
import { columnOf } from '../effects/record-done.js';
import type { Poolless, Records, Results } from '../effects/records.js';
import { fromColumn, toColumn } from '../effects/result-column.js';
import { sourceOf } from '../effects/schema.js';
import { type Statement, type TestClient, watched } from './watched-client.js';

/** An effect outside PostgreSQL that a handler has begun. */
export interface MadeEffect extends EffectIdentity {
  readonly changeId: string;
  readonly name: string;
  /** True if the kit has recorded the effect as done: a later attempt does not repeat it. */
  readonly done: boolean;
  /** The result that a later attempt gets, as JSON keeps it. Undefined: no result. */
  readonly result: unknown;
}

/** What attempts at changes have left behind, as PostgreSQL would hold it. */
export class MemoryRecords {
  /** Result of each change that `once` has committed, as JSON text. */
  readonly inbox = new Map<string, string | null>();
  /** Effects that are recorded as done, by change and name. */
  readonly effects = new Map<string, { readonly name: string; readonly result: string | null }>();
}

/** Records in memory, and what the handler does with them. */
export class WatchedRecords implements Records {
  /** Statements of transactions that have committed. */
  readonly statements: Statement[] = [];
  /** Statements of transactions that have rolled back. */
  readonly rolledBack: Statement[] = [];
  readonly effects: MadeEffect[] = [];
  readonly #kept: MemoryRecords;
  readonly #client: TestClient | undefined;

  constructor(kept: MemoryRecords, client: TestClient | undefined) {
    this.#kept = kept;
    this.#client = client;
  }

  async once<T>(
    { signal, ...change }: Poolless<OnceOptions>,
    act: (tx: PoolClient) => Promise<T>,
  ): Promise<T> {
    const { inbox } = this.#kept;
    const key = entryKey(change);
    const kept = inbox.get(key);
    if (kept !== undefined) return resultOf<T>(kept);
    return await throughConflicts(() =>
      this.#inTransaction(signal, async tx => {
        const result = await act(tx);
        const column = toColumn(result);
        return { result, commit: () => inbox.set(key, column) };
      }),
    );
  }

  async effect<T>(
    { queue, onResultLost, name, ...change }: Poolless<EffectOptions>,
    act: (identity: EffectIdentity) => Promise<T>,
  ): Promise<T> {
    const kept = this.#kept.effects.get(effectKey(change, name));
    if (kept) return resultOf<T>(kept.result);
    const identity = identityOf(queue, change, name);
    const index = this.#begin(change, name, identity);
    const result = await act(identity);
    this.#done(index, change, columnOf(result, onResultLost));
    return result;
  }

  async madeEffects(_: unknown, changes: readonly Entry[]): Promise<Map<string, readonly string[]>> {
    const made = [...this.#kept.effects];
    return new Map(
      changes.map(change => {
        const own = made.filter(([key]) => key.startsWith(effectKey(change, '')));
        return [entryKey(change), own.map(([, { name }]) => name)];
      }),
    );
  }

  /** Every transaction is visible at once. */
  async untilVisible(): Promise<void> {}

  async hiddenOf(): Promise<never[]> {
    return [];
  }

  async onceForAll<E extends Entry, R>(
    { entries, failures, signal }: Poolless<OnceForAllOptions<E>>,
    act: (tx: PoolClient, due: readonly E[]) => Results<R>,
  ): Promise<Map<string, R>> {
    const { inbox } = this.#kept;
    for (;;) {
      const left = distinct(entries.filter(entry => !failures.has(entry)));
      const due = left.filter(entry => !inbox.has(entryKey(entry)));
      const results = new Map<string, R>();
      for (const key of left.map(entryKey))
        if (inbox.has(key)) results.set(key, resultOf(inbox.get(key) ?? null));
      if (due.length === 0) return results;
      try {
        return await throughConflicts(() =>
          this.#inTransaction(signal, async tx => {
            const { made, columns } = await actOn(due, failures, () => act(tx, due));
            for (const [index, entry] of due.entries()) results.set(entryKey(entry), made?.[index] as R);
            const commit = () => {
              for (const [index, entry] of due.entries()) inbox.set(entryKey(entry), columns[index] ?? null);
            };
            return { result: results, commit };
          }),
        );
      } catch (error) {
        if (!(error instanceof Settled)) throw error;
      }
    }
  }

  async effectForAll<E extends Entry, R>(
    { queue, name, entries, failures, ...options }: Poolless<EffectForAllOptions<E>>,
    act: (due: readonly E[], identity: BatchEffectIdentity<E>) => Results<R>,
  ): Promise<Map<string, R>> {
    const results = new Map<string, R>();
    const due: E[] = [];
    for (const entry of distinct(entries.filter(entry => !failures.has(entry)))) {
      const kept = this.#kept.effects.get(effectKey(entry, name));
      if (kept) results.set(entryKey(entry), resultOf(kept.result));
      else due.push(entry);
    }
    if (due.length === 0) return results;
    const of = (entry: E) => identityOf(queue, entry, name);
    const begun = due.map(entry => this.#begin(entry, name, of(entry)));
    const given = (await act(due, { idempotencyKey: keyOfAll(due.map(of)), of })) ?? undefined;
    const made = resultsOf(due, given, options);
    for (const [index, entry] of due.entries()) {
      if (failures.has(entry)) continue;
      this.#done(begun[index] as number, entry, columnOf(made?.[index], options.onResultLost));
      results.set(entryKey(entry), made?.[index] as R);
    }
    return results;
  }

  /** Index of the effect in `effects`. */
  #begin({ changeId }: Entry, name: string, identity: EffectIdentity): number {
    return this.effects.push({ changeId, name, ...identity, done: false, result: undefined }) - 1;
  }

  #done(index: number, entry: Entry, column: string | null): void {
    const made = this.effects[index] as MadeEffect;
    this.effects[index] = { ...made, done: true, result: column === null ? undefined : resultOf(column) };
    this.#kept.effects.set(effectKey(entry, made.name), { name: made.name, result: column });
  }

  async #inTransaction<T>(
    signal: AbortSignal,
    act: (tx: PoolClient) => Promise<{ result: T; commit: () => void }>,
  ): Promise<T> {
    signal.throwIfAborted();
    const sent: Statement[] = [];
    try {
      const { result, commit } = await act(watched(this.#client, sent));
      commit();
      this.statements.push(...sent);
      return result;
    } catch (error) {
      this.rolledBack.push(...sent);
      throw error;
    }
  }
}

function identityOf(queue: string, { changeId, jobId }: Entry, name: string): EffectIdentity {
  return effectIdentity({ queue, changeId, name, source: sourceOf(jobId) });
}

function effectKey(entry: Entry, name: string): string {
  return `${entryKey(entry)}/${name}`;
}

/** The result as a repetition gets it. */
function resultOf<T>(column: string | null): T {
  return fromColumn<T>(column === null ? null : JSON.parse(column));
}
