import type { Lsn } from '@walmq/change';
import type { WalmqConfig } from '@walmq/config';
import type { Catalog } from '@walmq/replication';
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
 * Looks at the tables of the queues now, and then again and again: what is altered or dropped before its changes are read
 * is remembered as it was. Resolves when the first look is done; rejects when it fails.
 */
export async function watchCatalog(options: WatchCatalogOptions): Promise<{ stop(): void }> {
  const { catalog, notes, config, acknowledged } = options;
  const tables = Object.values(config.queues).flatMap(queue => queue.tables);
  const look = async () => {
    await catalog.remember(tables);
    notes.memory.forgetUntil(acknowledged());
    // Redis may be away: what it does not take is written down with the next look, or ahead of a change.
    await notes.saveOnce();
  };
  await look();
  let timer: NodeJS.Timeout;
  const again = () => {
    // A connection that is lost ends the session by itself.
    timer = setTimeout(
      () =>
        look()
          .catch(() => undefined)
          .finally(again),
      LOOK_EVERY_MS,
    );
  };
  again();
  return { stop: () => clearTimeout(timer) };
}
