export type PauseCause = 'redis' | 'backlog' | 'visibility' | 'postgres';

export const PAUSE_CAUSES: readonly PauseCause[] = ['redis', 'backlog', 'visibility', 'postgres'];

/** What keeps a capture that streams from enqueueing: one may end while the other goes on. */
export class Pauses {
  readonly #reasons = new Map<PauseCause, string>();
  readonly #onChange: (reasons: ReadonlyMap<PauseCause, string>) => void;

  constructor(onChange: (reasons: ReadonlyMap<PauseCause, string>) => void) {
    this.#onChange = onChange;
  }

  /** Undefined when nothing does. */
  get reason(): string | undefined {
    return this.#reasons.values().next().value;
  }

  begin(cause: PauseCause, reason: string): void {
    this.#reasons.set(cause, reason);
    this.#onChange(this.#reasons);
  }

  end(cause: PauseCause): void {
    this.#reasons.delete(cause);
    this.#onChange(this.#reasons);
  }

  /** A session that is over takes its pauses with it. */
  clear(): void {
    this.#reasons.clear();
    this.#onChange(this.#reasons);
  }
}
