import type { Position } from '@walmq/change';

/** What became of a chunk in the stream. */
export type ChunkOutcome =
  | { readonly again: string }
  /** `last`: the position of the last enqueued row; null when no row was current. */
  | { readonly enqueued: number; readonly last: Position | null };

/** Hands the outcome of a chunk from the pipeline to the backfill that waits for it. */
export class ChunkOutcomes {
  readonly #waiting = new Map<string, (outcome: ChunkOutcome) => void>();

  settle(token: string, outcome: ChunkOutcome): void {
    this.#waiting.get(token)?.(outcome);
    this.#waiting.delete(token);
  }

  async of(token: string): Promise<ChunkOutcome> {
    return await new Promise(resolve => this.#waiting.set(token, resolve));
  }
}
