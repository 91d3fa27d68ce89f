import type { Position } from '@walmq/change';
import type { Job } from '../job.js';
import type { Enqueuer } from './enqueue.js';

/**
 * One enqueuer for each shard, all fed from one stream. Each writes the jobs of its own queues and moves its own
 * checkpoint at its own pace.
 */
export class ShardedEnqueuer {
  readonly #shards: readonly Enqueuer[];
  /** By the number of a queue. */
  readonly #shardOf: readonly number[];

  constructor(shards: readonly Enqueuer[], shardOf: readonly number[]) {
    this.#shards = shards;
    this.#shardOf = shardOf;
  }

  began(transaction: string): void {
    for (const shard of this.#shards) shard.began(transaction);
  }

  /**
   * Adds the jobs of one change, which stands at `position`. Returns a promise when a shard's batch is full: add nothing
   * more until it resolves. The promise rejects with the fault that stopped a shard.
   */
  add(jobs: readonly Job[], position: string): Promise<void> | undefined {
    const [only] = this.#shards;
    if (only && this.#shards.length === 1) return only.add(jobs, position);
    const full: Promise<void>[] = [];
    for (const [index, shard] of this.#shards.entries()) {
      const ready = shard.add(
        jobs.filter(job => this.#shardOf[job.queue] === index),
        position,
      );
      if (ready) full.push(ready);
    }
    return full.length > 0 ? allReady(full) : undefined;
  }

  advanceTo(position: Position): void {
    for (const shard of this.#shards) shard.advanceTo(position);
  }

  flush(): void {
    for (const shard of this.#shards) shard.flush();
  }

  flushProgress(): void {
    for (const shard of this.#shards) shard.flushProgress();
  }

  hold(): void {
    for (const shard of this.#shards) shard.hold();
  }

  release(): void {
    for (const shard of this.#shards) shard.release();
  }

  close(): void {
    for (const shard of this.#shards) shard.close();
  }

  async drain(): Promise<void> {
    await Promise.all(this.#shards.map(shard => shard.drain()));
  }

  /** Rejects when a shard has failed for good; never resolves. */
  async failed(): Promise<never> {
    return await Promise.race(this.#shards.map(shard => shard.failed()));
  }
}

async function allReady(full: readonly Promise<void>[]): Promise<void> {
  await Promise.all(full);
}
