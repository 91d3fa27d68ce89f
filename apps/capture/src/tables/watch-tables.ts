import { WalmqError } from '@walmq/change';
import type { QueueConfig, WalmqConfig } from '@walmq/config';
import {
  NOTHING_SEEN,
  readTableMemory,
  type TableFinding,
  type TableMemory,
  tablesOf,
  writeTableMemory,
} from '@walmq/operations';
import type { DatabaseUrl } from '@walmq/postgres';
import type { Child } from '@walmq/replication';
import { poll } from '@walmq/runtime';
import type { Gap } from '@walmq/setup';
import type { Redis } from 'ioredis';
import { type Control, openControl } from '../postgres/control.js';
import { addTables } from './add-tables.js';
import { compareSnapshots, gapKey } from './compare.js';
import { readSnapshot } from './read-snapshot.js';

export interface WatchTablesOptions {
  readonly config: WalmqConfig;
  readonly databaseUrl: DatabaseUrl;
  /** Redis key of the memory of what was seen. */
  readonly memoryKey: string;
  readonly connect: () => Promise<Redis>;
  readonly pause: (queue: QueueConfig) => Promise<void>;
  readonly onLook: (findings: readonly TableFinding[]) => void;
  /** Tables that inherit, or inherited: changes of both may still be in the WAL. */
  readonly onChildren: (children: Iterable<Child>) => void;
  /** A look failed, or a table could not be added to the publication. */
  readonly onFailed: (error: Error) => void;
}

const INTERVAL_MS = 1000;
/** Any other failure of a look is temporary, or the stream meets the same server and reports the reason. */
const ENDS_CAPTURE: ReadonlySet<string> = new Set(['PUBLICATION_MISSING', 'PUBLICATION_INCOMPLETE']);
/** Milliseconds before another try to add a table: a lock of another session may be released by then. */
const ADD_AGAIN_MS = 30_000;

/**
 * Looks at publication and tables once, then every second, on a connection of its own: the stream does not tell when a
 * table is not published any more. Resolves to the watch when the first look is done; rejects when the first look fails.
 * The watch rejects with PUBLICATION_MISSING, or with PUBLICATION_INCOMPLETE where that ends capture; resolves after the signal.
 */
export async function watchTables(
  options: WatchTablesOptions,
): Promise<(signal: AbortSignal) => Promise<void>> {
  const watcher = new TableWatcher(options);
  try {
    await watcher.look();
  } catch (error) {
    await watcher.close();
    throw error;
  }
  return async signal => {
    // The look under way then fails.
    signal.addEventListener('abort', () => void watcher.close(), { once: true });
    try {
      await poll({
        everyMs: INTERVAL_MS,
        startAfterMs: INTERVAL_MS,
        signal,
        async look() {
          await watcher.look().catch((error: Error) => {
            if (ENDS_CAPTURE.has((error as Partial<WalmqError>).code ?? '')) throw error;
            if (!signal.aborted) options.onFailed(error);
          });
        },
      });
    } finally {
      await watcher.close();
    }
  };
}

class TableWatcher {
  readonly #options: WatchTablesOptions;
  readonly #acted = new Set<string>();
  #control: Control | undefined;
  #redis: Redis | undefined;
  #memory: TableMemory = NOTHING_SEEN;
  #triedToAddAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: WatchTablesOptions) {
    this.#options = options;
  }

  async look(): Promise<void> {
    const { config, databaseUrl, onLook, onChildren } = this.#options;
    try {
      this.#control ??= await openControl(databaseUrl, config.source.deadlineMs);
      const before = await this.#remember();
      const { publication } = config.source;
      const snapshot = await readSnapshot(
        this.#control.client,
        { publication, wanted: tablesOf(config) },
        before,
      );
      const { memory, gaps, findings } = compareSnapshots(before, snapshot);
      await this.#keep(before, memory);
      onChildren(Object.entries(memory.children).map(([oid, parent]) => ({ oid: Number(oid), parent })));
      onLook(findings);
      await this.#act(gaps.filter(({ isLoss }) => isLoss));
    } catch (error) {
      await this.#disconnect();
      throw error;
    }
  }

  async close(): Promise<void> {
    this.#redis?.disconnect();
    this.#redis = undefined;
    await this.#disconnect();
  }

  async #disconnect(): Promise<void> {
    const control = this.#control;
    this.#control = undefined;
    await control?.close();
  }

  /** Reads the memory at every look, because a person may have accepted a loss. While Redis is away, uses the last memory. */
  async #remember(): Promise<TableMemory> {
    try {
      this.#redis ??= await this.#options.connect();
      return await readTableMemory(this.#redis, this.#options.memoryKey);
    } catch {
      this.#redis?.disconnect();
      this.#redis = undefined;
      return this.#memory;
    }
  }

  async #keep(before: TableMemory, now: TableMemory): Promise<void> {
    this.#memory = now;
    try {
      if (this.#redis) await writeTableMemory(this.#redis, this.#options.memoryKey, { before, now });
    } catch {
      this.#redis?.disconnect();
      this.#redis = undefined;
    }
  }

  /** Applies `capture.onUnpublished`: once for each gap, except that `add` is tried again. */
  async #act(gaps: readonly Gap[]): Promise<void> {
    const { config, databaseUrl, pause, onFailed } = this.#options;
    const { onUnpublished } = config.capture;
    const [first] = gaps;
    if (!first) return this.#acted.clear();
    if (onUnpublished === 'stop')
      throw new WalmqError('PUBLICATION_INCOMPLETE', `${gaps.map(({ what }) => what).join('; ')}.`, {
        remedy: first.remedy,
        facts: { gaps: gaps.map(({ code }) => code) },
      });
    const fresh = gaps.filter(gap => !this.#acted.has(gapKey(gap)));
    if (onUnpublished === 'pause') for (const queue of queuesOf(config, fresh)) await pause(queue);
    this.#acted.clear();
    for (const gap of gaps) this.#acted.add(gapKey(gap));
    if (onUnpublished !== 'add' || Date.now() - this.#triedToAddAtMs < ADD_AGAIN_MS) return;
    const added = await addTables(databaseUrl, config.source, gaps);
    this.#triedToAddAtMs = added instanceof Error ? Date.now() : Number.NEGATIVE_INFINITY;
    if (added instanceof Error) onFailed(added);
  }
}

function queuesOf(config: WalmqConfig, gaps: readonly Gap[]): QueueConfig[] {
  return Object.values(config.queues).filter(({ tables }) =>
    tables.some(({ schema, table }) =>
      gaps.some(gap => !gap.table || (gap.table.schema === schema && gap.table.table === table)),
    ),
  );
}
