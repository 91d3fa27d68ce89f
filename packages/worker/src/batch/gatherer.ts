import { AsyncResource } from 'node:async_hooks';

export interface GathererOptions<T> {
  /** Items of one batch at most. */
  readonly size: number;
  /** Milliseconds that the first item of a batch waits for others at most, but for a batch that has to wait for its turn. */
  readonly waitMs: number;
  /** Batches that run at a time at most. */
  readonly atOnce: number;
  /** Never rejects: what becomes of each item, it says itself. */
  readonly run: (batch: readonly T[]) => Promise<void>;
}

/** Gathers items to batches: a batch begins when it is full or its time is up, and there is room for it. */
export class Gatherer<T> {
  readonly #options: GathererOptions<T>;
  readonly #waiting: { readonly item: T; readonly scope: AsyncResource }[] = [];
  #timer: NodeJS.Timeout | undefined;
  /** Whether the time of the first that wait is up. */
  #isDue = false;
  #running = 0;

  constructor(options: GathererOptions<T>) {
    this.#options = options;
  }

  add(item: T): void {
    this.#waiting.push({ item, scope: new AsyncResource('walmq.batch') });
    this.#begin();
  }

  #begin(): void {
    const { size, waitMs, atOnce } = this.#options;
    while (
      this.#running < atOnce &&
      (this.#waiting.length >= size || (this.#isDue && this.#waiting.length > 0))
    ) {
      this.#isDue = false;
      clearTimeout(this.#timer);
      this.#timer = undefined;
      this.#run(this.#waiting.splice(0, size));
    }
    if (this.#waiting.length === 0 || this.#isDue || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#isDue = true;
      this.#begin();
    }, waitMs);
  }

  #run(batch: readonly { readonly item: T; readonly scope: AsyncResource }[]): void {
    this.#running += 1;
    const items = batch.map(({ item }) => item);
    // A handler's spans hang on the one of its first change, whatever has made the batch full.
    const ended = batch[0]?.scope.runInAsyncScope(() => this.#options.run(items));
    void ended?.finally(() => {
      this.#running -= 1;
      this.#begin();
    });
  }
}
