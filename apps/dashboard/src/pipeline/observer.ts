import { setTimeout as delay } from 'node:timers/promises';
import type { PipelineStatus } from '@walmq/operations';
import { type FailureReport, NO_FAILURES } from '@walmq/operations';
import { History, sampleOf } from './history.js';

/** The interval with viewers, and without: then only the history is continued. */
const WATCHED_MS = 2000;
const UNWATCHED_MS = 10_000;
/**
 * Failures are read from the jobs themselves, which takes longer than counting. Read them at every look only
 * if there are few.
 */
const FAILURES_MS = 10_000;
const FEW_FAILURES = 1000;

export interface Observation {
  readonly status: PipelineStatus;
  readonly failures: FailureReport;
  readonly history: History;
}

export interface ObserverOptions {
  readonly readStatus: () => Promise<PipelineStatus>;
  readonly readFailures: () => Promise<FailureReport>;
  /** Ends everything. */
  readonly stopping: AbortSignal;
}

/** Reads the status repeatedly, once for all viewers. */
export class Observer {
  readonly #options: ObserverOptions;
  readonly #history = new History();
  readonly #waiting = new Set<() => void>();
  #latest: Observation | undefined;
  #failures: FailureReport = NO_FAILURES;
  #failed = 0;
  #failuresReadAtMs = Number.NEGATIVE_INFINITY;
  #watchers = 0;
  #wake: () => void = () => {};

  constructor(options: ObserverOptions) {
    this.#options = options;
  }

  /** Repeats until `stop`. */
  async run(): Promise<void> {
    const { stopping } = this.#options;
    while (!stopping.aborted) {
      await this.#look();
      await this.#pause();
    }
    this.#tell();
  }

  /** The latest observation; before the first one, waits for it. */
  async latest(): Promise<Observation> {
    while (this.#latest === undefined) await this.#next();
    return this.#latest;
  }

  /** The latest observation and every following one, until the process stops. */
  async *watch(): AsyncGenerator<Observation> {
    this.#watchers += 1;
    this.#wake();
    try {
      while (!this.#options.stopping.aborted) {
        yield await this.latest();
        await this.#next();
      }
    } finally {
      this.#watchers -= 1;
    }
  }

  /** Reads again at once, failures included, because an action has changed them. */
  refresh(): void {
    this.#failuresReadAtMs = Number.NEGATIVE_INFINITY;
    this.#wake();
  }

  async #look(): Promise<void> {
    const status = await this.#options.readStatus();
    const nowMs = Date.parse(status.at);
    this.#history.add(nowMs, sampleOf(status));
    const failed = status.queues.reduce((sum, queue) => sum + queue.failed, 0);
    const isNew = failed !== this.#failed && failed <= FEW_FAILURES;
    if (isNew || nowMs - this.#failuresReadAtMs >= FAILURES_MS) {
      this.#failuresReadAtMs = nowMs;
      this.#failed = failed;
      this.#failures = failed > 0 ? await this.#readFailures() : NO_FAILURES;
    }
    this.#latest = { status, failures: this.#failures, history: this.#history };
    this.#tell();
  }

  /** Redis may go away in the middle, and its commands would wait. The rest of the page must not wait. */
  async #readFailures(): Promise<FailureReport> {
    const timer = new AbortController();
    const late = delay(FAILURES_MS, { ...NO_FAILURES, problem: 'Redis did not answer in time.' }, timer);
    const read = this.#options
      .readFailures()
      .catch((error: Error): FailureReport => ({ ...NO_FAILURES, problem: error.message }));
    try {
      return await Promise.race([read, late]);
    } finally {
      timer.abort();
    }
  }

  async #pause(): Promise<void> {
    const { stopping } = this.#options;
    if (stopping.aborted) return;
    await new Promise<void>(resolve => {
      const timer = setTimeout(resolve, this.#watchers > 0 ? WATCHED_MS : UNWATCHED_MS);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
      stopping.addEventListener('abort', this.#wake, { once: true });
    });
    stopping.removeEventListener('abort', this.#wake);
  }

  async #next(): Promise<void> {
    await new Promise<void>(resolve => this.#waiting.add(resolve));
  }

  #tell(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}
