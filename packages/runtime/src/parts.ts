import type { Logger } from './log/log.js';
import { type ReadyCheck, unmetChecks } from './ready-checks.js';
import { sentenceOf } from './sentence-of.js';

/** What a process has opened: how it stops, and whether it is ready. */
export class Parts {
  readonly checks = new Map<string, ReadyCheck>();
  readonly #stopping = new AbortController();
  readonly #hooks: { name: string; stop: () => Promise<void> }[] = [];
  #current: string | undefined;

  /** Name of the part that is being stopped. */
  get current(): string | undefined {
    return this.#current;
  }

  /** Aborted when the process must stop. */
  get stopping(): AbortSignal {
    return this.#stopping.signal;
  }

  /** Runs at the stop; the last one registered runs first. */
  onStop(name: string, stop: () => Promise<void>): void {
    this.#hooks.push({ name, stop });
  }

  readyWhen(name: string, check: ReadyCheck): void {
    this.checks.set(name, check);
  }

  /** The reasons why the process is not ready, by part. */
  async reasons(): Promise<Record<string, string>> {
    return await unmetChecks(this.checks);
  }

  /** Stops every part. Resolves to true if all stopped well; a fault of one is logged and does not keep the others. */
  async stop(log: Logger): Promise<boolean> {
    this.#stopping.abort();
    let isWell = true;
    // A part that is still being opened may add its hook meanwhile.
    for (let next = this.#hooks.pop(); next !== undefined; next = this.#hooks.pop()) {
      const { name, stop } = next;
      this.#current = name;
      try {
        await stop();
      } catch (error) {
        isWell = false;
        log.error(
          { event: 'process:stop-failed', part: name, error: sentenceOf(error) },
          `${name} did not stop well`,
        );
      }
    }
    return isWell;
  }
}
