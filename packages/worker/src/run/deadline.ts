import { setMaxListeners } from 'node:events';
import { WalmqError } from '@walmq/change';
import { isDecided } from '../failure/thrown.js';

export interface DeadlineOptions<T> {
  readonly deadlineMs: number;
  /** Ends the time early. */
  readonly stopping: AbortSignal;
  readonly act: (deadline: Deadline) => Promise<T>;
  /** Called every `deadlineMs` while `act` runs past its deadline. */
  readonly onOverrun: (ranMs: number) => void;
}

export interface Deadline {
  /** Made at the first use: most handlers need none, and it is a good part of what a change costs a worker. */
  readonly signal: AbortSignal;
}

/**
 * Runs `act` with a signal that aborts after `deadlineMs` or with `stopping`. Settles only when `act` has
 * settled: a retry beside a handler that ignores its signal would break the row's order. Rejects with
 * HANDLER_DEADLINE if `act` failed after its deadline. If it still completes, that is a success, and its own
 * decision (give up, drop) stands.
 */
export async function withDeadline<T>(options: DeadlineOptions<T>): Promise<T> {
  const { deadlineMs, stopping, act, onOverrun } = options;
  const time = new HandlerTime(stopping);
  let periods = 0;
  const timer = setInterval(() => {
    periods += 1;
    if (periods > 1) onOverrun(periods * deadlineMs);
    else time.end(overdue(deadlineMs));
  }, deadlineMs);
  try {
    return await act(time);
  } catch (error) {
    throw periods > 0 && !isDecided(error) ? overdue(deadlineMs, error) : error;
  } finally {
    clearInterval(timer);
    time.release();
  }
}

class HandlerTime implements Deadline {
  readonly #stopping: AbortSignal;
  #controller: AbortController | undefined;
  #reason: Error | undefined;
  readonly #stop = () => this.#controller?.abort(this.#stopping.reason);

  constructor(stopping: AbortSignal) {
    this.#stopping = stopping;
  }

  get signal(): AbortSignal {
    if (this.#controller) return this.#controller.signal;
    // Not AbortSignal.any: what that adds to a long-lived signal such as `stopping` is not always freed.
    this.#controller = new AbortController();
    const { signal } = this.#controller;
    // A handler may start any number of operations at the same time.
    setMaxListeners(0, signal);
    if (this.#reason) this.#controller.abort(this.#reason);
    else if (this.#stopping.aborted) this.#stop();
    else this.#stopping.addEventListener('abort', this.#stop, { once: true });
    return signal;
  }

  end(reason: Error): void {
    this.#reason = reason;
    this.#controller?.abort(reason);
  }

  /** Nothing ends the time any more. */
  release(): void {
    if (this.#controller) this.#stopping.removeEventListener('abort', this.#stop);
  }
}

function overdue(deadlineMs: number, cause?: unknown): WalmqError {
  return new WalmqError('HANDLER_DEADLINE', `the handler did not finish within ${deadlineMs} ms.`, {
    remedy: 'Where the work takes longer by its nature, raise deadlineMs of the queue in walmq.config.ts.',
    cause,
  });
}
