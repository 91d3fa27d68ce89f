import type { Logger } from '@walmq/runtime';
import type { KitContext } from '../define/define.js';
import { sourceOf } from '../effects/schema.js';
import type { Deadline } from './deadline.js';
import type { Tried } from './tried.js';

type Calls = Pick<KitContext, 'json' | 'visible' | 'once' | 'effect'>;

/** The kit's part of a handler's context. Its logger and its signal are made at the first use: few handlers need them. */
export class HandlerKit implements KitContext {
  declare readonly log: Logger;
  declare readonly signal: AbortSignal;
  readonly name: string;
  readonly source: string;
  readonly attempt: number;
  readonly json: Calls['json'];
  readonly visible: Calls['visible'];
  readonly once: Calls['once'];
  readonly effect: Calls['effect'];
  readonly #tried: Tried;
  readonly #deadline: Deadline;

  // Own properties, so that a copy of a context has them. The functions are shared: with functions of its own for each
  // context, V8 makes it a hidden class that lives until the next major collection, and the change with it.
  static readonly #LAZY = {
    log: {
      enumerable: true,
      get(this: HandlerKit) {
        return this.#tried.log;
      },
    },
    signal: {
      enumerable: true,
      get(this: HandlerKit) {
        return this.#deadline.signal;
      },
    },
  };

  constructor(tried: Tried, deadline: Deadline, { json, visible, once, effect }: Calls) {
    this.#tried = tried;
    this.#deadline = deadline;
    this.name = tried.job.name;
    this.source = sourceOf(tried.job.id as string);
    this.attempt = tried.attempt;
    this.json = json;
    this.visible = visible;
    this.once = once;
    this.effect = effect;
    Object.defineProperties(this, HandlerKit.#LAZY);
  }
}
