import { setMaxListeners } from 'node:events';

/**
 * Tasks that end together. The first failure, or the end of the body, ends the scope: its signal is aborted, every task
 * is awaited, then the disposers run, last registered first.
 */
export class Scope {
  readonly #ending = new AbortController();
  readonly #tasks: Promise<void>[] = [];
  readonly #disposers: (() => Promise<void> | void)[] = [];
  #failure: { readonly cause: unknown } | undefined;

  constructor() {
    // Each task has a listener, and they are more than the ten above which Node.js warns of a leak.
    setMaxListeners(0, this.#ending.signal);
  }

  /** Aborted when the scope ends. */
  get signal(): AbortSignal {
    return this.#ending.signal;
  }

  /** Starts a task. It must end soon after the signal; its failure ends the scope. */
  start(task: (signal: AbortSignal) => Promise<void>): void {
    this.#tasks.push(task(this.signal).catch((cause: unknown) => this.fail(cause)));
  }

  /** Ends the scope with this failure. A failure after the end of the scope is only an effect of that end. */
  fail(cause: unknown): void {
    if (this.signal.aborted) return;
    this.#failure = { cause };
    this.#ending.abort();
  }

  /** The scope fails when this promise does. There is no work behind it, so nobody waits for it. */
  failWith(lost: Promise<never>): void {
    lost.catch((cause: unknown) => this.fail(cause));
  }

  /** Called as soon as the scope ends, before tasks are awaited: to close what a task may wait for. */
  onEnd(close: () => void): void {
    if (this.signal.aborted) close();
    else this.signal.addEventListener('abort', close, { once: true });
  }

  /** Runs after the last task, also when the scope has failed. */
  defer(dispose: () => Promise<void> | void): void {
    this.#disposers.push(dispose);
  }

  /** Awaits every task and disposer. Rejects with the first failure. */
  async close(): Promise<void> {
    this.#ending.abort();
    // A task may have started another one.
    for (const task of this.#tasks) await task;
    for (const dispose of this.#disposers.reverse())
      try {
        await dispose();
      } catch (cause) {
        this.#failure ??= { cause };
      }
    if (this.#failure) throw this.#failure.cause;
  }
}

/** Runs a body with a scope of its own, until the body ends or the scope fails. */
export async function withScope(body: (scope: Scope) => Promise<void>): Promise<void> {
  const scope = new Scope();
  await body(scope).catch((cause: unknown) => scope.fail(cause));
  await scope.close();
}
