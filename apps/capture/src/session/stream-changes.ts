import { hostname } from 'node:os';
import { forgetLost } from '@walmq/backfill';
import { formatPosition, type TableName, WalmqError } from '@walmq/change';
import { publishedTables, shardPrefixes, type WalmqConfig } from '@walmq/config';
import {
  checkpointHeld,
  claimKey,
  type PipelineClaim,
  pipelineClaimKey,
  pipelineCollides,
  sourceTag,
} from '@walmq/fanout';
import { heartbeatPrefix, tableMemoryKey } from '@walmq/operations';
import { processId } from '@walmq/postgres';
import { parseRedisUrl } from '@walmq/redis';
import { Catalog, Inheritance, noteSeen, readServerStart, SQL_ASCII } from '@walmq/replication';
import { poll } from '@walmq/runtime';
import { backfillsOf } from '../backfill/backfills.js';
import { DurablePositions } from '../backfill/durable-positions.js';
import { runPipeline } from '../pipeline/pipeline.js';
import { watchOverrun } from '../postgres/watch-overrun.js';
import { watchServer } from '../postgres/watch-server.js';
import { ackDelayOf } from '../progress/ack-delay.js';
import { nextProgress, type ProgressEvent, progressFrom } from '../progress/acknowledge.js';
import { HistoryProof } from '../progress/prove-history.js';
import { CatalogNotes } from '../redis/catalog-notes.js';
import { type ClaimOptions, holdClaim } from '../redis/hold-claim.js';
import { findFormerKeys, openShards, pauseIn, type Shard, shardsOf } from '../redis/shards.js';
import { checkShapes } from '../tables/check-shapes.js';
import { watchCatalog } from '../tables/watch-catalog.js';
import { watchTables } from '../tables/watch-tables.js';
import { decoderOf, routerOf } from './assemble.js';
import { explainOtherHome, noteOwnHome } from './home.js';
import { replicationConnection, STATUS_INTERVAL_MS } from './open-stream.js';
import type { ConnectedOptions } from './options.js';
import { findPositions } from './position.js';
import { missesPublication } from './publication-was-missing.js';
import { recoveryOf } from './recover.js';
import type { Scope } from './scope.js';

/** How exactly another pipeline knows when this one was last seen. */
const SEEN_EVERY_MS = 60_000;

/** Streams until `stopping`; then enqueues and acknowledges what was read. The scope's failure ends it too. */
export async function streamChanges(scope: Scope, options: ConnectedOptions): Promise<void> {
  const { config, databaseUrl, source, stream, stopping, emit, control, tracer, slot } = options;
  const { publication, deadlineMs } = config.source;
  const identity = { ...source, slot: slot.name };
  const shards = shardsOf(options, identity);
  const first = shards[0] as Shard;
  scope.failWith(control.lost);
  const own = { instance: options.instance, host: hostname() };
  const prefix = shardPrefixes(config.redis)[0] as string;
  const pipelineClaim: PipelineClaim = {
    server: sourceTag(identity),
    ...own,
    database: source.database,
    slot: slot.name,
  };
  const claims: ClaimOptions[] = [
    {
      connect: first.look,
      key: claimKey(prefix, identity),
      claim: { server: await readServerStart(control.client), ...own },
      refusal: checkpointHeld,
    },
    {
      connect: first.look,
      key: pipelineClaimKey(prefix),
      claim: pipelineClaim,
      refusal: held => pipelineCollides(held, identity, prefix),
    },
  ];
  for (const claim of claims) {
    const held = await holdClaim(claim);
    scope.defer(() => held.release());
    scope.start(signal => held.renew(signal));
  }

  const home = { config, redisUrl: options.redisUrl, connect: first.look };
  const claimed = await findPositions({
    control: control.client,
    publication,
    slot,
    source,
    shards,
    connection: replicationConnection(control),
    onNotice: (event, sentence) => emit({ type: 'notice', event, sentence }),
  }).catch(async (cause: unknown) => {
    throw await explainOtherHome(cause, { control: control.client, slot: slot.name, home });
  });
  await noteOwnHome(control.client, slot.name, home);
  const formerKeys = await findFormerKeys(shards, config);
  await checkShapes(control.client, Object.values(config.queues));
  const inheritance = new Inheritance(control.client, name => isRead(config, name));
  const tables = await watchTables({
    config,
    databaseUrl,
    memoryKey: tableMemoryKey(heartbeatPrefix(config.redis), sourceTag(identity)),
    connect: first.look,
    pause: queue => pauseIn(shards, queue),
    onLook: findings => emit({ type: 'tables', findings }),
    onChildren: children => inheritance.remember(children),
    onFailed: error => emit({ type: 'tables-unseen', error }),
  });
  scope.start(tables);
  const notes = await CatalogNotes.read(first);
  const catalog = new Catalog(control.client, notes.memory, {
    inheritance,
    checksText: options.encoding === SQL_ASCII,
  });

  const durable = new DurablePositions();
  let progress = progressFrom(
    claimed.map(({ checkpoint }) => checkpoint),
    slot.confirmedFlushLsn,
  );
  const resumeAfter = progress.enqueued;
  const reader = { slot: slot.name, pid: stream.pid };
  await forgetLost(control.client, reader, resumeAfter);
  scope.start(await watchCatalog({ catalog, notes, config, acknowledged: () => progress.acknowledged }));
  const ackDelayMs = ackDelayOf(config.capture.ackDelayMs, parseRedisUrl(options.redisUrl));
  const advance = (event: ProgressEvent) => {
    progress = nextProgress(progress, event, ackDelayMs);
    stream.acknowledge(progress.acknowledged);
    emit({ type: 'progress', progress });
    durable.reached(progress.shards);
    if (event.type === 'enqueued') tracer?.enqueued(formatPosition(progress.enqueued));
  };
  scope.defer(() => tracer?.abandoned());

  const { enqueuer, watchBacklog } = openShards({ config, shards, claimed, emit, advance });
  const backfills = backfillsOf({
    config,
    databaseUrl,
    catalog,
    reader,
    durable,
    onNotice: notice => emit({ type: 'backfill', notice }),
  });
  // The pipeline waits for one of these two.
  scope.onEnd(() => {
    stream.stop();
    enqueuer.close();
  });
  const stopReading = () => stream.stop();
  stopping.addEventListener('abort', stopReading, { signal: scope.signal });
  if (stopping.aborted) stopReading();

  const ending = AbortSignal.any([stopping, scope.signal]);
  const { client } = control;
  scope.failWith(enqueuer.failed());
  scope.start(() => watchBacklog(ending));
  scope.start(() => backfills.run(ending));
  scope.start(signal =>
    poll({
      everyMs: SEEN_EVERY_MS,
      startAfterMs: SEEN_EVERY_MS,
      signal,
      async look() {
        await noteSeen(client, slot.name);
      },
    }),
  );
  scope.start(signal => watchOverrun({ control: client, slot: slot.name, stream, signal }));
  scope.start(signal =>
    watchServer({ url: databaseUrl, deadlineMs, pids: [processId(client), stream.pid], signal }),
  );
  scope.start(signal =>
    poll({
      everyMs: STATUS_INTERVAL_MS,
      startAfterMs: STATUS_INTERVAL_MS,
      signal,
      look() {
        enqueuer.flushProgress();
        advance({ type: 'elapsed', nowMs: performance.now() });
      },
    }),
  );
  // What the server sent before such a fault must be enqueued: the pipeline meets the fault behind it.
  stream.broken.catch((cause: unknown) => {
    if (!comesAgain(cause)) scope.fail(cause);
  });

  emit({ type: 'streaming', position: resumeAfter });
  try {
    const parts = { ...options, shards, catalog, notes, backfills, formerKeys, ending };
    await runPipeline({
      stream,
      publication,
      history: new HistoryProof({ claimed, confirmedFlush: slot.confirmedFlushLsn, publication }),
      decoder: decoderOf(parts),
      router: routerOf(parts),
      enqueuer,
      window: backfills.window,
      tracer,
      resumeAfter,
      onReceived: lsn => advance({ type: 'received', lsn }),
      onChanges: counts => emit({ type: 'changes', counts }),
    });
  } catch (cause) {
    // What the server sent before the fault is enqueued first: the fault comes again at every try.
    if (comesAgain(cause)) await enqueuer.drain();
    throw cause;
  }
  if (!stopping.aborted) throw new WalmqError('REPLICATION_LOST', 'PostgreSQL ended the replication stream.');
  // What has been read is enqueued and acknowledged before the connection ends.
  await enqueuer.drain();
}

/** True for a fault that the server reports at every try. */
function comesAgain(cause: unknown): boolean {
  return recoveryOf(cause, '').recovery === 'blocked' || missesPublication(cause);
}

function isRead(config: WalmqConfig, { schema, table }: TableName): boolean {
  return publishedTables(config).some(read => read.schema === schema && read.table === table);
}
