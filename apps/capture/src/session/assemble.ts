import { tableName } from '@walmq/change';
import { type FormerKeys, Router, sourceTag } from '@walmq/fanout';
import { type Catalog, type Relation, type Table, untilShown, utf8Converter } from '@walmq/replication';
import type { Backfills } from '../backfill/backfills.js';
import { ChangeDecoder } from '../pipeline/decode-changes.js';
import { RewindPages } from '../pipeline/rewind-pages.js';
import { ChangeRouter } from '../pipeline/route-change.js';
import { TableDescriptions } from '../pipeline/table-descriptions.js';
import type { CatalogNotes } from '../redis/catalog-notes.js';
import { pauseIn, type Shard } from '../redis/shards.js';
import { checkShapes } from '../tables/check-shapes.js';
import { noticeDrift } from '../tables/notice-drift.js';
import type { ConnectedOptions } from './options.js';

/** What the decoder and the router of a session are made of. */
export interface Parts extends ConnectedOptions {
  readonly shards: readonly Shard[];
  readonly catalog: Catalog;
  readonly notes: CatalogNotes;
  readonly backfills: Backfills;
  readonly formerKeys: ReadonlyMap<number, FormerKeys>;
  /** Aborted when the session ends. */
  readonly ending: AbortSignal;
}

export function decoderOf(parts: Parts): ChangeDecoder {
  const { control, catalog, notes, backfills, encoding, emit, ending } = parts;
  return new ChangeDecoder({
    tables: new TableDescriptions({
      catalog,
      untilShown: (relations, { xid }) => waitUntilShown(relations, xid, parts),
      onDescribed: async table => {
        await notes.save({
          signal: ending,
          onPause: (error, retryInMs) => emit({ type: 'paused', cause: 'redis', error, retryInMs }),
          onResume: () => emit({ type: 'resumed', cause: 'redis' }),
        });
        await checkTable(table, parts);
      },
    }),
    rewinds: new RewindPages(control.client, ending),
    window: backfills.window,
    toUtf8: utf8Converter(control.client, encoding),
    onChunk: backfills.onChunk,
    onContextRefused: reason => emit({ type: 'context-refused', reason }),
    onEventIgnored: () =>
      emit({
        type: 'event-malformed',
        reason: 'it was sent outside its transaction, and is ignored',
      }),
  });
}

export function routerOf({ config, source, formerKeys, backfills, emit }: Parts): ChangeRouter {
  return new ChangeRouter({
    router: new Router({
      queues: Object.values(config.queues),
      outbox: config.outbox,
      deadLetter: config.deadLetter,
      idSuffix: sourceTag({ ...source, slot: config.source.slot }),
      formerKeys,
      onMalformed: (event, reason) => emit({ type: 'event-malformed', reason, changeId: event.id }),
      onParked: (change, reason) => emit({ type: 'change-parked', change, reason }),
    }),
    window: backfills.window,
    onRewoundRefused: reason =>
      emit({ type: 'event-malformed', reason: `a change to be sent again: ${reason}` }),
  });
}

/** False when the session ends first: the next session reads the changes of the transaction again. */
async function waitUntilShown(
  relations: readonly Relation[],
  xid: number,
  { control, ending, emit }: Parts,
): Promise<boolean> {
  let isLong = false;
  const onLong = () => {
    isLong = true;
    const names = relations.map(tableName).join(', ');
    emit({
      type: 'paused',
      cause: 'visibility',
      reason: `transaction ${xid} has made or altered ${names}, and no synchronous standby has confirmed it`,
    });
  };
  const isShown = await untilShown(control.client, { xid, relations, signal: ending, onLong });
  if (isLong) emit({ type: 'resumed', cause: 'visibility' });
  return isShown;
}

/** Compares a table, before its first change, with what the queues expect of it. */
async function checkTable(table: Table, { config, control, shards, emit }: Parts): Promise<void> {
  const queues = Object.values(config.queues);
  await checkShapes(control.client, queues, table);
  await noticeDrift(table, {
    client: control.client,
    queues,
    pause: queue => pauseIn(shards, queue),
    onNotice: notice => emit({ type: 'drift', notice }),
  });
}
