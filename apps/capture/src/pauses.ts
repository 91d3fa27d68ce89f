/** What keeps a capture that streams from enqueueing: one may end while the other goes on. */
export class Pauses {
  readonly #reasons = new Map<'redis' | 'backlog', string>();
  readonly #onChange: (paused: boolean) => void;

  constructor(onChange: (paused: boolean) => void) {
    this.#onChange = onChange;
  }

  /** Undefined when nothing does. */
  get reason(): string | undefined {
    return this.#reasons.values().next().value;
  }

  begin(cause: 'redis' | 'backlog', reason: string): void {
    this.#reasons.set(cause, reason);
    this.#onChange(true);
  }

  end(cause: 'redis' | 'backlog'): void {
    this.#reasons.delete(cause);
    this.#onChange(this.#reasons.size > 0);
  }

  /** A session that is over takes its pauses with it. */
  clear(): void {
    this.#reasons.clear();
    this.#onChange(false);
  }
}
