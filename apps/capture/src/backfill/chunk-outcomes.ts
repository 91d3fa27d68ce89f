import type { ChunkOutcome } from './enqueue-rows.js';

/** Where the pipeline says what became of a chunk. */
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
