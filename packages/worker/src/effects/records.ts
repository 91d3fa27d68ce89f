import type { Pool, PoolClient } from 'pg';
import { type EffectIdentity, type EffectOptions, effect, madeEffects } from './effect.js';
import { type BatchEffectIdentity, type EffectForAllOptions, effectForAll } from './effect-for-all.js';
import { type OnceOptions, once } from './once.js';
import { type Entry, type OnceForAllOptions, onceForAll } from './once-for-all.js';
import { hiddenOf, untilVisible, type VisibleOptions, type Waiting } from './visible.js';

export type Poolless<Options> = Omit<Options, 'pool'>;
export type Results<R> = Promise<readonly R[]> | Promise<void>;

/** What the kit's calls need of the place that remembers effects: see the functions of the same names. */
export interface Records {
  once<T>(options: Poolless<OnceOptions>, act: (tx: PoolClient) => Promise<T>): Promise<T>;
  effect<T>(options: Poolless<EffectOptions>, act: (identity: EffectIdentity) => Promise<T>): Promise<T>;
  madeEffects(
    options: Poolless<Parameters<typeof madeEffects>[0]>,
    changes: readonly Entry[],
  ): ReturnType<typeof madeEffects>;
  untilVisible(options: Poolless<VisibleOptions>): Promise<void>;
  onceForAll<E extends Entry, R>(
    options: Poolless<OnceForAllOptions<E>>,
    act: (tx: PoolClient, due: readonly E[]) => Results<R>,
  ): Promise<Map<string, R>>;
  effectForAll<E extends Entry, R>(
    options: Poolless<EffectForAllOptions<E>>,
    act: (due: readonly E[], identity: BatchEffectIdentity<E>) => Results<R>,
  ): Promise<Map<string, R>>;
  hiddenOf<W extends Waiting>(
    options: Poolless<Parameters<typeof hiddenOf>[0]>,
    waiting: readonly W[],
  ): ReturnType<typeof hiddenOf<W>>;
}

/** Records in PostgreSQL, in the tables walmq.inbox and walmq.effects. */
export function recordsIn(pool: Pool): Records {
  return {
    once: (options, act) => once({ ...options, pool }, act),
    effect: (options, act) => effect({ ...options, pool }, act),
    madeEffects: (options, changes) => madeEffects({ ...options, pool }, changes),
    untilVisible: options => untilVisible({ ...options, pool }),
    onceForAll: (options, act) => onceForAll({ ...options, pool }, act),
    effectForAll: (options, act) => effectForAll({ ...options, pool }, act),
    hiddenOf: (options, waiting) => hiddenOf({ ...options, pool }, waiting),
  };
}
