import { comparePositions, type Position } from '@walmq/change';
import type { ShardProgress } from '../progress/acknowledge.js';

interface Waiting {
  readonly shard: number;
  readonly position: Position;
  readonly resolve: () => void;
}

/** Waits until positions are durable in their shards. */
export class DurablePositions {
  #waiting: Waiting[] = [];

  reached(shards: readonly ShardProgress[]): void {
    if (this.#waiting.length === 0) return;
    const isReached = ({ shard, position }: Waiting) =>
      comparePositions((shards[shard] as ShardProgress).durable, position) >= 0;
    const done = this.#waiting.filter(isReached);
    this.#waiting = this.#waiting.filter(waiting => !done.includes(waiting));
    for (const { resolve } of done) resolve();
  }

  async until(shard: number, position: Position): Promise<void> {
    await new Promise<void>(resolve => this.#waiting.push({ shard, position, resolve }));
  }
}
