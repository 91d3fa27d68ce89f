import { type Change, WalmqError } from '@walmq/change';
import type { Logger } from '@walmq/runtime';
import type { BatchContext } from '../define/batch.js';
import { entryKey } from '../effects/once-for-all.js';
import type { Records } from '../effects/records.js';
import { notVisible } from '../effects/visible.js';
import { errorOf } from '../failure/error-of.js';
import { reasonOf } from '../failure/reason.js';
import { drop, giveUp, postpone } from '../failure/thrown.js';
import { FollowedCalls } from '../run/followed-calls.js';
import type { BatchTask } from './batch-task.js';

export interface BatchCallsOptions {
  readonly queue: string;
  readonly records: Records;
  readonly log: Logger;
  readonly signal: AbortSignal;
  readonly deadlineMs: number;
  /** Errors of changes that the handler settles without an effect. */
  readonly failures: Map<BatchTask, Error>;
}

/** The calls that a handler of batches makes to the kit, for one call of the handler. */
export class BatchCalls {
  readonly context: BatchContext<Change>;
  readonly followed = new FollowedCalls();
  readonly #failures: Map<BatchTask, Error>;
  readonly #tasks: ReadonlyMap<Change, BatchTask>;
  /** Changes whose effect of a name was requested and has not failed. */
  readonly #effects = new Map<string, Set<BatchTask>>();

  constructor(batch: readonly BatchTask[], options: BatchCallsOptions) {
    const { log, signal, failures, records } = options;
    this.#failures = failures;
    this.#tasks = new Map(batch.map(task => [task.change, task]));
    const inOnce = new Set<BatchTask>();
    const fail = (change: Change, error: unknown) => {
      failures.set(this.#taskOf(change), errorOf(error));
    };
    this.context = {
      log,
      signal,
      job: change => this.#taskOf(change).job,
      fail,
      drop: (change, reason) => fail(change, drop(reason)),
      giveUp: (change, message, detail) => fail(change, giveUp(message, detail)),
      postpone: (change, message, retryAfterMs) => fail(change, postpone(message, retryAfterMs)),
      visible: changes =>
        this.followed.follow('visible()', async () => {
          for (const task of await records.hiddenOf(options, this.#left(changes)))
            failures.set(task, notVisible(task.tx));
          return changes.filter(change => !failures.has(this.#taskOf(change)));
        }),
      once: (changes, act) =>
        this.followed.follow('once()', async () => {
          const entries = this.#left(changes);
          for (const task of entries) {
            // A second call would find the inbox rows of the first call and take them for rows of an earlier attempt.
            if (inOnce.has(task)) throw onceTwice(task);
            inOnce.add(task);
          }
          const results = await records.onceForAll({ ...options, entries }, (tx, due) =>
            act(tx, changesOf(due)),
          );
          return changes.map(change => results.get(entryKey(this.#taskOf(change))) as never);
        }),
      effect: (changes, name, act) =>
        this.followed.follow(`effect "${name}"`, async () => {
          const entries = this.#left(changes);
          const taken = this.#effects.get(name) ?? new Set();
          this.#effects.set(name, taken);
          for (const task of entries) {
            if (taken.has(task)) throw effectTwice(name, task);
            taken.add(task);
          }
          const onResultLost = (reason: Error) =>
            log.warn(
              { event: 'effect:result-lost', error: reasonOf(reason) },
              `A result of effect "${name}" cannot be kept: the effect is recorded as done without it`,
            );
          try {
            const results = await records.effectForAll(
              { ...options, entries, name, onResultLost },
              (due, { idempotencyKey, of }) =>
                act(changesOf(due), { idempotencyKey, of: change => of(this.#taskOf(change)) }),
            );
            this.#shareFailures(entries);
            return changes.map(change => results.get(entryKey(this.#taskOf(change))) as never);
          } catch (error) {
            // The handler may retry a failed effect.
            for (const task of entries) taken.delete(task);
            throw error;
          }
        }),
    };
  }

  /** Names of the change's effects that were requested and have not failed. */
  effectsOf(task: BatchTask): string[] {
    return [...this.#effects].filter(([, tasks]) => tasks.has(task)).map(([name]) => name);
  }

  /** Jobs with the same change share its effect, so also the failure of this effect. */
  #shareFailures(entries: readonly BatchTask[]): void {
    const errors = new Map<string, Error>();
    for (const task of entries) {
      const error = this.#failures.get(task);
      if (error) errors.set(entryKey(task), error);
    }
    for (const task of entries) {
      const error = errors.get(entryKey(task));
      if (error) this.#failures.set(task, error);
    }
  }

  /** The tasks of these changes that are not settled yet. */
  #left(changes: readonly Change[]): BatchTask[] {
    return changes.map(change => this.#taskOf(change)).filter(task => !this.#failures.has(task));
  }

  #taskOf(change: Change): BatchTask {
    const task = this.#tasks.get(change);
    if (task) return task;
    throw new WalmqError('BATCH_CHANGE_UNKNOWN', 'a handler named a change that is not of its batch.', {
      remedy: 'Pass the very objects that the handler was given, not copies of them.',
    });
  }
}

/** The changes of the tasks, with the type that the caller expects. */
function changesOf<D extends Change>(tasks: readonly BatchTask[]): D[] {
  return tasks.map(({ change }) => change as D);
}

function onceTwice({ changeId }: BatchTask): WalmqError {
  return new WalmqError('ONCE_TWICE', `a handler called once() twice for change ${changeId}.`, {
    remedy: 'Put both effects of a change into one transaction.',
    facts: { changeId },
  });
}

function effectTwice(name: string, { changeId }: BatchTask): WalmqError {
  return new WalmqError('EFFECT_TWICE', `a handler used effect "${name}" twice for change ${changeId}.`, {
    remedy: 'Give each effect a name of its own: the second would be taken for the first.',
    facts: { effect: name, changeId },
  });
}
