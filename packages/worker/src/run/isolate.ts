import type { Change } from '@walmq/change';
import { DelayedError, type Job } from 'bullmq';

/** Limit of the random delay before a suspect is tried again that may not run beside another one. */
const PUT_OFF_MS = 200;

/** Limit, so that a handler that never ends does not hold up a process for ever. */
const MAX_ALONE_MS = 30_000;

/**
 * Decides which changes of a process run side by side, and which alone. When a process dies, all its changes
 * stall, and BullMQ cannot know which one ended it. From then on each of them is a suspect and runs alone in
 * its process. The next death then counts against the culprit only, which reaches `maxStalledCount`, while
 * the others are processed.
 */
export class Isolation {
  #running = 0;
  /** Set while a suspect runs or waits for its turn; resolves when it ends. */
  #alone: Promise<void> | undefined;
  #onDrained: (() => void) | undefined;

  /** Runs a job side by side or alone. Rejects with DelayedError for a suspect that must come again. */
  run<T>(
    tried: { readonly job: Job<Change>; readonly token: string | undefined; readonly deadlineMs: number },
    act: () => Promise<T>,
  ): Promise<T> {
    return tried.job.stalledCounter === 0 ? this.#beside(act) : this.#runSuspect(tried, act);
  }

  async #runSuspect<T>(
    { job, token, deadlineMs }: Parameters<Isolation['run']>[0],
    act: () => Promise<T>,
  ): Promise<T> {
    if (this.#alone === undefined) return await this.#byItself(act, Math.min(deadlineMs, MAX_ALONE_MS));
    // It must not be active while another suspect runs: the other's death would count against it.
    await job.moveToDelayed(Date.now() + Math.ceil(Math.random() * PUT_OFF_MS), token);
    throw new DelayedError();
  }

  async #beside<T>(act: () => Promise<T>): Promise<T> {
    while (this.#alone !== undefined) await this.#alone;
    this.#running += 1;
    try {
      return await act();
    } finally {
      this.#running -= 1;
      if (this.#running === 0) this.#onDrained?.();
    }
  }

  /** Lets no other job begin until it has ended, or has ignored its deadline. */
  async #byItself<T>(act: () => Promise<T>, patienceMs: number): Promise<T> {
    let end = () => {};
    this.#alone = new Promise(resolve => {
      end = () => {
        this.#alone = undefined;
        resolve();
      };
    });
    if (this.#running > 0) await this.#drained(patienceMs);
    const timer = setTimeout(end, patienceMs);
    try {
      return await act();
    } finally {
      clearTimeout(timer);
      end();
    }
  }

  /** A job that does not end in time is past its deadline, and is not waited for. */
  async #drained(patienceMs: number): Promise<void> {
    await new Promise<void>(resolve => {
      const timer = setTimeout(resolve, patienceMs);
      this.#onDrained = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#onDrained = undefined;
  }
}
