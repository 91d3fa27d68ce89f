import { WalmqError } from '@walmq/change';
import type { ChangeId, KitContext } from '../define/define.js';
import { committedIn } from '../effects/visible.js';
import { reasonOf } from '../failure/reason.js';
import { FollowedCalls } from './followed-calls.js';
import { HandlerKit } from './handler-kit.js';
import type { ProcessingOptions } from './processing-options.js';
import type { Tried } from './tried.js';

/** The kit's calls in one attempt of a handler: those that still run, and the names of its effects. */
export class PendingCalls {
  readonly context: KitContext;
  readonly followed = new FollowedCalls();
  readonly #effects = new Map<string, Set<string>>();

  constructor(tried: Tried, options: Omit<ProcessingOptions, 'guard'>) {
    const { definition, records, deadline, deadlineMs } = options;
    const jobId = tried.job.id as string;
    const shared = { queue: definition.queue, jobId, deadlineMs, tx: committedIn(tried.change) };
    let usedOnce = false;
    this.context = new HandlerKit(tried, deadline, {
      json: () => this.followed.follow('json()', tried.json),
      visible: change =>
        this.followed.follow('visible()', async () => {
          const tx = committedIn(change);
          if (tx) await records.untilVisible({ tx, signal: deadline.signal, deadlineMs });
        }),
      once: (change, act) =>
        this.followed.follow('once()', async () => {
          // A second call would find the row of the first one and take it for its own.
          if (usedOnce)
            throw new WalmqError('ONCE_TWICE', 'a handler called once() twice for one change.', {
              remedy: 'Put both effects into one transaction.',
            });
          usedOnce = true;
          return await records.once({ ...shared, signal: deadline.signal, changeId: change.id }, act);
        }),
      effect: (change, effectName, act) =>
        this.followed.follow(`effect "${effectName}"`, async () => {
          const release = this.#takeName(change, effectName);
          try {
            const onResultLost = (reason: Error) =>
              tried.log.warn(
                { event: 'effect:result-lost', error: reasonOf(reason) },
                `The result of effect "${effectName}" cannot be kept: the effect is recorded as done without it`,
              );
            const { signal } = deadline;
            const of = { ...shared, signal, changeId: change.id, name: effectName, onResultLost };
            return await records.effect(of, act);
          } catch (error) {
            release();
            throw error;
          }
        }),
    });
  }

  /** Names of the change's effects that were requested and have not failed. */
  effectsOf(changeId: string): string[] {
    return [...(this.#effects.get(changeId) ?? [])];
  }

  /**
   * A second effect of the same name would find the first one's row and never be made. A failed effect may be
   * tried again.
   */
  #takeName({ id }: ChangeId, name: string): () => void {
    const names = this.#effects.get(id) ?? new Set();
    this.#effects.set(id, names);
    if (names.has(name))
      throw new WalmqError('EFFECT_TWICE', `a handler used effect "${name}" twice for one change.`, {
        remedy: 'Give each effect a name of its own: the second would be taken for the first.',
        facts: { effect: name },
      });
    names.add(name);
    return () => names.delete(name);
  }
}
