/** The calls of the kit that a handler has begun, while they run. */
export class FollowedCalls {
  readonly #running = new Map<Promise<unknown>, string>();

  follow<T>(name: string, act: () => Promise<T>): Promise<T> {
    const call = act().finally(() => this.#running.delete(call));
    this.#running.set(call, name);
    // If the handler does not await the call, its failure would be an unhandled rejection, which ends the
    // process.
    call.catch(() => {});
    return call;
  }

  /**
   * Runs a handler. Settles only when everything it has asked of the kit has: what it did not wait for would else run on
   * beside a retry, or fail when nobody looks any more. Such calls go to `onNotAwaited`.
   */
  async until<T>(handler: () => Promise<T>, onNotAwaited: (calls: readonly string[]) => void): Promise<T> {
    let result: T;
    try {
      result = await handler();
    } catch (error) {
      await this.#settled();
      throw error;
    }
    if (this.#running.size === 0) return result;
    onNotAwaited([...this.#running.values()]);
    for (const settled of await this.#settled()) if (settled.status === 'rejected') throw settled.reason;
    return result;
  }

  /** Waits until no call runs any more; resolves to the results of those that still ran. */
  async #settled(): Promise<PromiseSettledResult<unknown>[]> {
    const ended: PromiseSettledResult<unknown>[] = [];
    // A call that ends may start another one.
    while (this.#running.size > 0) ended.push(...(await Promise.allSettled(this.#running.keys())));
    return ended;
  }
}
