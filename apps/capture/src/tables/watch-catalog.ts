import type { Lsn } from '@walmq/change';
import type { WalmqConfig } from '@walmq/config';
import type { Catalog } from '@walmq/replication';
import { poll, unlessAborted } from '@walmq/runtime';
import type { CatalogNotes } from '../redis/catalog-notes.js';

const LOOK_EVERY_MS = 5000;

export interface WatchCatalogOptions {
  readonly catalog: Catalog;
  readonly notes: CatalogNotes;
  readonly config: WalmqConfig;
  /** How far the slot has been acknowledged: changes before it never come again. */
  readonly acknowledged: () => Lsn;
}

/**
 * Looks at the tables of the queues, and remembers what is altered or dropped before its changes are read as it was.
 * Resolves to the watch when the first look is done; rejects when the first look fails.
 */
export async function watchCatalog(
  options: WatchCatalogOptions,
): Promise<(signal: AbortSignal) => Promise<void>> {
  const { catalog, notes, config, acknowledged } = options;
  const tables = Object.values(config.queues).flatMap(queue => queue.tables);
  const look = async () => {
    await catalog.remember(tables);
    notes.memory.forgetUntil(acknowledged());
    // Redis may be away: the next look, or the next change, saves what Redis does not take now.
    await notes.saveOnce();
  };
  await look();
  return signal =>
    poll({
      everyMs: LOOK_EVERY_MS,
      startAfterMs: LOOK_EVERY_MS,
      signal,
      // A connection that is lost ends the session by itself.
      look: () => unlessAborted(look(), signal).catch(() => undefined),
    });
}
