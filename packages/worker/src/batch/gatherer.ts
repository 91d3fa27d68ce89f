import { AsyncResource } from 'node:async_hooks';

export interface GathererOptions<T> {
  /** Maximum number of items in a batch. */
  readonly size: number;
  /** Maximum milliseconds that the first item waits for others. Longer only if `atOnce` batches are running. */
  readonly waitMs: number;
  /** Maximum number of batches that run at the same time. */
  readonly atOnce: number;
  /** Processes a batch. Must not reject: it must report the outcome of each item in another way. */
  readonly run: (batch: readonly T[]) => Promise<void>;
}

/** Gathers items into batches. A batch starts if it is full or `waitMs` is over, and fewer than `atOnce` batches run. */
export class Gatherer<T> {
  readonly #options: GathererOptions<T>;
  readonly #waiting: { readonly item: T; readonly scope: AsyncResource }[] = [];
  #timer: NodeJS.Timeout | undefined;
  /** True if `waitMs` is over for the first waiting item. */
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
    // Run in the scope of the first change, so that the handler's spans are children of its span, whichever item filled
    // the batch.
    const ended = batch[0]?.scope.runInAsyncScope(() => this.#options.run(items));
    void ended?.finally(() => {
      this.#running -= 1;
      this.#begin();
    });
  }
}
