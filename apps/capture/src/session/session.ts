import { hostname } from 'node:os';
import { type ChangeName, formatPosition, type TableName, tableName, WalmqError } from '@walmq/change';
import { publishedTables, shardPrefixes, type WalmqConfig } from '@walmq/config';
import {
  claimKey,
  type FormerKeys,
  Router,
  type ShardedEnqueuer,
  type SourceIdentity,
  sourceTag,
} from '@walmq/fanout';
import { heartbeatPrefix, type TableFinding, tableMemoryKey } from '@walmq/operations';
import { askBackends, endBackends, ownConnection, processId } from '@walmq/postgres';
import {
  CAPTURE_NAME,
  Catalog,
  Inheritance,
  noteRefusal,
  type Relation,
  ReplicationStream,
  readEncoding,
  readSenderTimeoutMs,
  readServerStart,
  readSource,
  type Slot,
  type Source,
  SQL_ASCII,
  type Table,
  untilShown,
  utf8Converter,
} from '@walmq/replication';
import type { ClientConfig } from 'pg';
import { DurablePositions } from '../backfill/durable-positions.js';
import type { BackfillNotice } from '../backfill/run-backfills.js';
import { startBackfills } from '../backfill/start-backfills.js';
import { ChangeDecoder } from '../pipeline/decode-changes.js';
import { runPipeline } from '../pipeline/pipeline.js';
import { RewindPages } from '../pipeline/rewind-pages.js';
import { ChangeRouter } from '../pipeline/route-change.js';
import { TableDescriptions } from '../pipeline/table-descriptions.js';
import type { ChangeTracer } from '../pipeline/trace.js';
import { type Control, openControl } from '../postgres/control.js';
import { watchOverrun } from '../postgres/watch-overrun.js';
import { watchServer } from '../postgres/watch-server.js';
import { nextProgress, type Progress, type ProgressEvent, progressFrom } from '../progress/acknowledge.js';
import { HistoryProof } from '../progress/prove-history.js';
import { CatalogNotes } from '../redis/catalog-notes.js';
import { type ClaimOptions, type HeldClaim, holdClaim } from '../redis/hold-claim.js';
import { findFormerKeys, openShards, pauseIn, type Shard, shardsOf } from '../redis/shards.js';
import { checkShapes } from '../tables/check-shapes.js';
import { type DriftNotice, noticeDrift } from '../tables/notice-drift.js';
import { watchCatalog } from '../tables/watch-catalog.js';
import { watchTables } from '../tables/watch-tables.js';
import { findPositions, requireSlot } from './position.js';
import { explainMissing, missesPublication } from './publication-was-missing.js';
import { recoveryOf } from './recover.js';

export interface SessionOptions {
  readonly config: WalmqConfig;
  readonly databaseUrl: string;
  readonly redisUrl: string;
  readonly stopping: AbortSignal;
  readonly observer: SessionObserver;
  /** Names this process among captures, across its sessions. */
  readonly instance: string;
  readonly tracer?: ChangeTracer | undefined;
}

/** What a session tells its process, for log, metrics and readiness. */
export interface SessionObserver {
  /** Something an operator should know, which changes nothing of how the session goes on. */
  notice(event: string, sentence: string): void;
  unchecked(durability: string): void;
  streaming(position: string): void;
  progress(progress: Progress): void;
  change(change: ChangeName): void;
  batch(jobs: number): void;
  /** Redis takes no batches for now; told at each failed try, until `resumed`. */
  paused(error: Error, retryInMs: number): void;
  resumed(): void;
  /** The queues hold too much, or Redis' memory does: nothing is enqueued until `released`. */
  held(reason: string): void;
  released(): void;
  /** The next change is of a table that PostgreSQL does not show yet: nothing goes on until `shown`. */
  hidden(reason: string): void;
  shown(): void;
  /** A table has been held against what a queue expects of it, ahead of its changes. */
  drift(notice: DriftNotice): void;
  /** What a look at publication and tables has found; nothing: every change that queues expect comes. */
  tables(findings: readonly TableFinding[]): void;
  /** A look failed, or a table could not be added to the publication. */
  tablesUnseen(error: Error): void;
  /** A transaction's context could not be read, and why. */
  contextRefused(reason: string): void;
  /** Rows that were in a table before. */
  backfill(notice: BackfillNotice): void;
  /** A change cannot be written out, and why: its key alone is enqueued, and fails. */
  changeParked(change: ChangeName, reason: string): void;
  /** An event is none that a queue takes, and why; without an id it has no place in the stream either. */
  eventMalformed(reason: string, changeId?: string): void;
}

/** More only fills the heap: with 1 MiB a transaction of a million rows peaked at 256 MiB of memory, with this at 181. */
const HIGH_WATER_BYTES = 128 * 1024;
const STATUS_INTERVAL_MS = 1000;
/** A time-out of the role's or the server's that is near the interval of our statuses would cut a healthy stream. */
const SHORTEST_SENDER_TIMEOUT_MS = 2000;

/**
 * One connection's life: takes the slot, finds where the checkpoint stands, streams until told to stop. Resolves
 * when all that was read is enqueued and acknowledged; rejects with the fault that ended it.
 */
export async function runSession(options: SessionOptions): Promise<void> {
  const { config, databaseUrl } = options;
  const { deadlineMs } = config.source;
  const control = await openControl(databaseUrl, deadlineMs);
  try {
    const source = await readSource(control.client);
    await requireSlot(control.client, config.source.slot, source.database);
    const senderTimeoutMs = Math.max(await readSenderTimeoutMs(control.client), SHORTEST_SENDER_TIMEOUT_MS);
    const encoding = await readEncoding(control.client);
    const stream = await ReplicationStream.open({
      connection: streamConnection(databaseUrl, control, { wal_sender_timeout: String(senderTimeoutMs) }),
      slot: config.source.slot,
      publication: config.source.publication,
      encoding,
      highWaterBytes: HIGH_WATER_BYTES,
      statusIntervalMs: STATUS_INTERVAL_MS,
      silenceMs: deadlineMs,
      async isLost({ pid, silentMs }) {
        const state = (await askBackends({ url: databaseUrl, deadlineMs, pids: [pid] })).get(pid);
        // Else the old walsender would hold the slot until the server notices too.
        if (state === 'waits')
          await endBackends({ url: databaseUrl, deadlineMs, pids: [pid], name: CAPTURE_NAME });
        return state === 'unknown' ? silentMs > senderTimeoutMs : state !== 'busy';
      },
      onWarning: sentence => options.observer.notice('server:warning', sentence),
    });
    try {
      await streamChanges({ ...options, control, source, encoding, stream });
    } catch (cause) {
      throw await explainMissing(cause, control.client, config.source.publication);
    } finally {
      await stream.close();
    }
  } finally {
    await control.close();
  }
}

interface StreamingOptions extends SessionOptions {
  readonly control: Control;
  readonly source: Source;
  /** Of the database. */
  readonly encoding: string;
  readonly stream: ReplicationStream;
}

/** From here on the slot is ours, so nobody else of this server moves it: slot and checkpoints can be compared. */
async function streamChanges(options: StreamingOptions): Promise<void> {
  const { config, control, source, observer } = options;
  const slot = await requireSlot(control.client, config.source.slot, source.database);
  const shards = shardsOf(options, sourceOf(options));
  const held = await holdClaim(await claimOf(options, shards));
  try {
    await streamFrom({ ...options, slot, shards, held });
  } catch (error) {
    // Whatever WAL passes the checkpoint later on, this database is not the one that it counts.
    if (error instanceof WalmqError && error.code === 'CHECKPOINT_AHEAD') {
      const { checkpoint, reason } = error.facts as { checkpoint: string; reason: string };
      if (!(await noteRefusal(control.client, slot.name, { checkpoint, reason })))
        observer.notice('refusal:not-noted', 'The refusal could not be noted in walmq.capture');
    }
    throw error;
  } finally {
    await held.release();
  }
}

async function claimOf(options: StreamingOptions, shards: readonly Shard[]): Promise<ClaimOptions> {
  const { config, control, instance } = options;
  return {
    connect: (shards[0] as Shard).look,
    key: claimKey(shardPrefixes(config.redis)[0] as string, sourceOf(options)),
    claim: { server: await readServerStart(control.client), instance, host: hostname() },
  };
}

interface FromOptions extends StreamingOptions {
  readonly slot: Slot;
  readonly shards: readonly Shard[];
  readonly held: HeldClaim;
}

async function streamFrom(options: FromOptions): Promise<void> {
  const { config, source, stream, stopping, observer, control, tracer, slot, shards } = options;
  const { publication } = config.source;
  const claimed = await findPositions({
    control: control.client,
    publication,
    slot,
    source,
    shards,
    connection: streamConnection(options.databaseUrl, control),
    onNotice: observer.notice,
  });
  const formerKeys = await findFormerKeys(shards, config);
  await checkShapes(control.client, Object.values(config.queues));
  const inheritance = new Inheritance(control.client, name => isRead(config, name));
  const tableWatch = await watchTables({
    config,
    databaseUrl: options.databaseUrl,
    memoryKey: tableMemoryKey(heartbeatPrefix(config.redis), sourceTag(sourceOf(options))),
    connect: (shards[0] as Shard).look,
    pause: queue => pauseIn(shards, queue),
    onLook: findings => observer.tables(findings),
    onChildren: children => inheritance.remember(children),
    onFailed: error => observer.tablesUnseen(error),
  });

  const notes = await CatalogNotes.read(shards[0] as Shard);
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
  const watch = await watchCatalog({ catalog, notes, config, acknowledged: () => progress.acknowledged });
  const advance = (event: ProgressEvent) => {
    progress = nextProgress(progress, event, config.capture.ackDelayMs);
    stream.acknowledge(progress.acknowledged);
    observer.progress(progress);
    durable.reached(progress.shards);
    if (event.type === 'enqueued') tracer?.enqueued(formatPosition(progress.enqueued));
  };
  const open = openShards({ config, shards, claimed, observer, advance });
  const { enqueuer } = open;
  const tick = setInterval(() => {
    enqueuer.flushProgress();
    advance({ type: 'elapsed', nowMs: performance.now() });
  }, STATUS_INTERVAL_MS);
  const server = watchServer({
    url: options.databaseUrl,
    deadlineMs: config.source.deadlineMs,
    pids: [processId(control.client), stream.pid],
  });
  const overrun = watchOverrun({ control: control.client, slot: slot.name, stream });
  const stopReading = () => stream.stop();
  stopping.addEventListener('abort', stopReading);
  if (stopping.aborted) stopReading();
  const backfills = startBackfills({
    config,
    databaseUrl: options.databaseUrl,
    catalog,
    durable,
    stopping,
    onNotice: notice => observer.backfill(notice),
  });
  observer.streaming(formatPosition(resumeAfter));
  try {
    const tables = new TableDescriptions({
      catalog,
      untilShown: (relations, { xid }) => waitUntilShown(relations, xid, options),
      onDescribed: async table => {
        await notes.save({
          signal: stopping,
          onPause: (error, retryInMs) => observer.paused(error, retryInMs),
          onResume: () => observer.resumed(),
        });
        await lookAt(table, shards, options);
      },
    });
    const { window } = backfills;
    const pipeline = runPipeline({
      stream,
      publication,
      history: new HistoryProof({ claimed, confirmedFlush: slot.confirmedFlushLsn, publication }),
      decoder: new ChangeDecoder({
        tables,
        rewinds: new RewindPages(control.client, stopping),
        window,
        toUtf8: utf8Converter(control.client, options.encoding),
        onChunk: backfills.onChunk,
        onContextRefused: reason => observer.contextRefused(reason),
        onEventIgnored: () => observer.eventMalformed('it was sent outside its transaction, and is ignored'),
      }),
      router: new ChangeRouter({
        router: routerOf(options, formerKeys),
        window,
        onRewoundRefused: reason => observer.eventMalformed(`a change to be sent again: ${reason}`),
      }),
      enqueuer,
      window,
      tracer,
      resumeAfter,
      onReceived: lsn => advance({ type: 'received', lsn }),
      onChange: change => observer.change(change),
    });
    const faults = [
      enqueuer.failed(),
      control.lost,
      overrun.overrun,
      server.moved,
      tableWatch.failed,
      options.held.lost,
    ];
    await Promise.race([pipeline, ...faults, stream.broken]).catch(async cause => {
      // The server says so at once, every time: what it sent before must get through even so.
      if (isBlocked(cause) || missesPublication(cause))
        await Promise.race([drained(pipeline, enqueuer), ...faults]).catch(() => undefined);
      throw cause;
    });
    if (!stopping.aborted)
      throw new WalmqError('REPLICATION_LOST', 'PostgreSQL ended the replication stream.');
    // What has been read is enqueued and acknowledged before the connection ends.
    open.ignoreBacklog();
    await enqueuer.drain();
  } finally {
    stopping.removeEventListener('abort', stopReading);
    clearInterval(tick);
    overrun.stop();
    server.stop();
    tableWatch.stop();
    watch.stop();
    open.close();
    tracer?.abandoned();
    await backfills.stop();
  }
}

function streamConnection(
  url: string,
  { serverMajor }: Control,
  settings: Record<string, string> = {},
): ClientConfig {
  return ownConnection({ url, name: CAPTURE_NAME, serverMajor, settings });
}

function isBlocked(cause: unknown): boolean {
  return recoveryOf(cause, '').recovery === 'blocked';
}

/** Resolves when what was read before the stream broke is enqueued. */
async function drained(pipeline: Promise<void>, enqueuer: ShardedEnqueuer): Promise<void> {
  await pipeline.catch(() => undefined);
  await enqueuer.drain();
}

function isRead(config: WalmqConfig, { schema, table }: TableName): boolean {
  return publishedTables(config).some(read => read.schema === schema && read.table === table);
}

function sourceOf({ config, source }: StreamingOptions): SourceIdentity {
  return { ...source, slot: config.source.slot };
}

function routerOf(options: StreamingOptions, formerKeys: ReadonlyMap<number, FormerKeys>): Router {
  const { config, observer } = options;
  return new Router({
    queues: Object.values(config.queues),
    outbox: config.outbox,
    malformed: config.malformed,
    idSuffix: sourceTag(sourceOf(options)),
    formerKeys,
    onMalformed: (event, reason) => observer.eventMalformed(reason, event.id),
    onParked: (change, reason) => observer.changeParked(change, reason),
  });
}

/** False when capture is told to stop first: what the transaction has changed is read again by the next one. */
async function waitUntilShown(
  relations: readonly Relation[],
  xid: number,
  { control, stopping, observer }: StreamingOptions,
): Promise<boolean> {
  let isLong = false;
  const onLong = () => {
    isLong = true;
    const names = relations.map(tableName).join(', ');
    observer.hidden(
      `transaction ${xid} has made or altered ${names}, and no synchronous standby has confirmed it`,
    );
  };
  const isShown = await untilShown(control.client, { xid, relations, signal: stopping, onLong });
  if (isLong) observer.shown();
  return isShown;
}

/** Holds a table, ahead of its changes, against what the queues say and expect of it. */
async function lookAt(table: Table, shards: readonly Shard[], options: StreamingOptions): Promise<void> {
  const { config, control, observer } = options;
  const queues = Object.values(config.queues);
  await checkShapes(control.client, queues, table);
  await noticeDrift(table, {
    client: control.client,
    queues,
    pause: queue => pauseIn(shards, queue),
    onNotice: notice => observer.drift(notice),
  });
}
