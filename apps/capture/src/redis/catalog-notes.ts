import { setTimeout as sleep } from 'node:timers/promises';
import { type ProducerConnection, readNotes, writeNotes } from '@walmq/fanout';
import { CatalogMemory } from '@walmq/replication';
import { unreachable } from './connect-durable.js';
import type { Shard } from './shards.js';

const LONGEST_PAUSE_MS = 5000;

interface SaveOptions {
  /** Ends the wait, saved or not. */
  readonly signal: AbortSignal;
  /** Called at each failed try. */
  readonly onPause: (error: Error, retryInMs: number) => void;
  readonly onResume: () => void;
}

/** Descriptions from the catalog, kept in Redis from one session to the next, beside the checkpoint. */
export class CatalogNotes {
  readonly #shard: Shard;
  readonly memory: CatalogMemory;

  private constructor(shard: Shard, memory: CatalogMemory) {
    this.#shard = shard;
    this.memory = memory;
  }

  /** Rejects with REDIS_UNREACHABLE, or where Redis cannot keep the promise of durability. */
  static async read(shard: Shard): Promise<CatalogNotes> {
    const { redis } = await shard.connect();
    try {
      return new CatalogNotes(shard, new CatalogMemory(await readNotes(redis, shard.catalogKey)));
    } catch (cause) {
      throw unreachable(cause);
    } finally {
      redis.disconnect();
    }
  }

  /**
   * Saves new descriptions, and resolves when they are durable: before the first change that relies on them. Tries again
   * while Redis takes nothing, until the signal.
   */
  async save({ signal, onPause, onResume }: SaveOptions): Promise<void> {
    let error = await this.saveOnce();
    if (!error) return;
    for (let pauseMs = 100; error && !signal.aborted; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
      onPause(error, pauseMs);
      await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
      error = await this.saveOnce();
    }
    onResume();
  }

  /** Resolves to the error where Redis did not save. */
  async saveOnce(): Promise<Error | undefined> {
    const { unsaved } = this.memory;
    if (unsaved.size === 0) return undefined;
    let connection: ProducerConnection | undefined;
    try {
      connection = await this.#shard.connect();
      await writeNotes(connection.redis, this.#shard.catalogKey, unsaved);
      await connection.confirm();
      this.memory.saved(unsaved);
      return undefined;
    } catch (error) {
      return error as Error;
    } finally {
      connection?.redis.disconnect();
    }
  }
}
