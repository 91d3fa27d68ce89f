import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import {
  type Backfill,
  backfillTableMissing,
  emitWatermark,
  endBackfill,
  nextBackfill,
  noteEnd,
  noteSettled,
  noteTrail,
  readChunk,
  readKeyedTable,
  readLastKey,
  requestSnapshots,
  type SlotReader,
  settleTrails,
  withPoint,
} from '@walmq/backfill';
import { formatPosition, qualifiedName, WalmqError } from '@walmq/change';
import type { QueueConfig, WalmqConfig } from '@walmq/config';
import { type DatabaseUrl, openClient } from '@walmq/postgres';
import type { Catalog } from '@walmq/replication';
import { pause, unlessAborted } from '@walmq/runtime';
import type { Client } from 'pg';
import type { ChunkOutcome, ChunkOutcomes } from './chunk-outcomes.js';
import type { DurablePositions } from './durable-positions.js';
import type { BackfillWindow } from './window.js';

/** What happened to a backfill. */
export type BackfillNotice =
  | { readonly event: 'started' | 'done'; readonly backfill: Backfill }
  | { readonly event: 'chunk'; readonly backfill: Backfill; readonly read: number; readonly enqueued: number }
  | { readonly event: 'again'; readonly backfill: Backfill; readonly reason: string }
  | { readonly event: 'failed'; readonly backfill: Backfill; readonly reason: string }
  /** No backfill can run at present. */
  | { readonly event: 'interrupted'; readonly reason: string };

export interface BackfillsOptions {
  readonly config: WalmqConfig;
  readonly databaseUrl: DatabaseUrl;
  readonly catalog: Catalog;
  readonly reader: SlotReader;
  readonly window: BackfillWindow;
  readonly durable: DurablePositions;
  readonly outcomes: ChunkOutcomes;
  readonly onNotice: (notice: BackfillNotice) => void;
  /** Aborted when the session ends. */
  readonly ending: AbortSignal;
}

const LOOK_EVERY_MS = 1000;
/** While rows wait for nothing but to be settled. */
const LOOK_FOR_SETTLED_EVERY_MS = 200;
const RETRY_MS = 2000;
/** Bytes of values in memory at once, near enough: a chunk ends there. */
const CHUNK_BYTES = 2 * 1024 * 1024;
/**
 * row_security: a policy that hides rows from capture is an error, because the rows would silently be missing.
 * lock_timeout: a table that is locked for longer is tried again. synchronous_commit: a watermark's commit waits for every
 * synchronous standby that another commit can wait for.
 */
const SETTINGS = { row_security: 'off', lock_timeout: '10s', synchronous_commit: 'remote_apply' };

/** Runs requested backfills, one after the other, for as long as the session lasts. Never rejects. */
export async function runBackfills(options: BackfillsOptions): Promise<void> {
  const { ending, onNotice } = options;
  let reported: string | undefined;
  while (!ending.aborted) {
    const error = await withClient(options, client => takeTurns(client, options)).catch(
      (cause: unknown) => cause,
    );
    if (ending.aborted) return;
    const reason = ((backfillTableMissing(error) ?? error) as Error).message;
    // Once: a missing table stays missing until somebody runs set-up.
    if (reason !== reported) onNotice({ event: 'interrupted', reason });
    reported = reason;
    await pause(RETRY_MS, ending);
  }
}

async function withClient(options: BackfillsOptions, act: (client: Client) => Promise<void>): Promise<void> {
  const connection = await openClient({
    url: options.databaseUrl,
    name: 'walmq capture backfill',
    settings: SETTINGS,
    deadlineMs: options.config.source.deadlineMs,
  });
  try {
    await unlessAborted(Promise.race([act(connection.client), connection.lost]), options.ending);
  } finally {
    await connection.close();
  }
}

async function takeTurns(client: Client, options: BackfillsOptions): Promise<void> {
  const { config, ending } = options;
  await requestSnapshots(client, config.source.slot, snapshotTables(config));
  let running: string | undefined;
  // Read to their end, and not settled yet. The next one begins meanwhile.
  let read: readonly string[] = [];
  while (!ending.aborted) {
    read = await settleRead(client, read, options);
    const backfill = await nextBackfill(client, config.source.slot, read);
    if (!backfill) {
      await pause(read.length > 0 ? LOOK_FOR_SETTLED_EVERY_MS : LOOK_EVERY_MS, ending);
      continue;
    }
    if (running !== backfill.id) options.onNotice({ event: 'started', backfill });
    running = backfill.id;
    if (await takeChunk(client, backfill, options)) read = [...read, backfill.id];
  }
}

/** Settles what can be. Ends the backfills of `read` that are settled whole, and returns the others. */
async function settleRead(
  client: Client,
  read: readonly string[],
  { reader, onNotice }: BackfillsOptions,
): Promise<string[]> {
  const waiting: string[] = [];
  for (const backfill of await settleTrails(client, reader, read)) {
    // One that was paused meanwhile is looked at again when it is resumed.
    if (!read.includes(backfill.id) || backfill.status !== 'running') continue;
    if (backfill.trail.length > 0) {
      waiting.push(backfill.id);
      continue;
    }
    await endBackfill(client, backfill.id, { status: 'done' });
    onNotice({ event: 'done', backfill });
  }
  return waiting;
}

/** Tables of queues with `snapshot: 'initial'`. */
function snapshotTables({ queues }: WalmqConfig) {
  return Object.values(queues)
    .filter(({ snapshot }) => snapshot === 'initial')
    .flatMap(({ name, tables }) => tables.map(({ schema, table }) => ({ queue: name, schema, table })));
}

/** Resolves to true when nothing is left to read. */
async function takeChunk(client: Client, backfill: Backfill, options: BackfillsOptions): Promise<boolean> {
  const { onNotice } = options;
  try {
    const queue = queueOf(backfill, options.config);
    const chunk = await readBetweenWatermarks(client, backfill, { ...options, queue });
    if (chunk.lastKey === null) return true;
    if ('again' in chunk.outcome) {
      onNotice({ event: 'again', backfill, reason: chunk.outcome.again });
      return false;
    }
    const { read, lastKey, outcome } = chunk;
    // The next chunk waits for that, so that a Redis that takes nothing more stops the backfill, too.
    if (outcome.last) await options.durable.until(queue.config.shard, outcome.last);
    await notePoint(client, { read, lastKey, outcome }, { backfill, reader: options.reader });
    onNotice({ event: 'chunk', backfill, read, enqueued: outcome.enqueued });
  } catch (cause) {
    const reason = reasonToFail(cause);
    if (reason === undefined) throw cause;
    await endBackfill(client, backfill.id, { status: 'failed', error: reason });
    onNotice({ event: 'failed', backfill, reason });
  }
  return false;
}

interface EnqueuedChunk {
  readonly read: number;
  readonly lastKey: readonly string[];
  readonly outcome: Exclude<ChunkOutcome, { again: string }>;
}

/** Enqueued is not settled: a failover of Redis can take the rows back, until the slot has confirmed what is around them. */
async function notePoint(
  client: Client,
  { read, lastKey, outcome }: EnqueuedChunk,
  { backfill, reader }: { readonly backfill: Backfill; readonly reader: SlotReader },
): Promise<void> {
  const { id, trail, rowsRead, rowsEnqueued } = backfill;
  const reached = {
    key: lastKey,
    rowsRead: rowsRead + read,
    rowsEnqueued: rowsEnqueued + outcome.enqueued,
  };
  const at = outcome.last ? formatPosition(outcome.last) : trail.at(-1)?.at;
  if (at) await noteTrail(client, id, { trail: withPoint(trail, { at, ...reached }), reader });
  else await noteSettled(client, id, { settled: reached, trail, reader });
}

interface NumberedQueue {
  readonly config: QueueConfig;
  readonly number: number;
}

/** Throws TABLE_NOT_IN_QUEUE: the configuration may have changed since it was asked for. */
function queueOf({ queue, schema, table }: Backfill, { queues }: WalmqConfig): NumberedQueue {
  const number = Object.keys(queues).indexOf(queue);
  const config = queues[queue];
  if (config?.tables.some(route => route.schema === schema && route.table === table))
    return { config, number };
  throw new WalmqError(
    'TABLE_NOT_IN_QUEUE',
    `no queue "${queue}" takes ${qualifiedName({ schema, table })} any more.`,
  );
}

const ALTERED = { lastKey: [], read: 0, outcome: { again: 'the table was altered' } } as const;
const NOTHING_LEFT = { lastKey: null, read: 0, outcome: { enqueued: 0, last: null } } as const;

/** Low watermark, read, high watermark; then waits until the stream brings the high watermark. */
async function readBetweenWatermarks(
  client: Client,
  backfill: Backfill,
  options: BackfillsOptions & { readonly queue: NumberedQueue },
) {
  const { window, catalog, config, outcomes, queue } = options;
  const { schema, table: name, filter, chunkRows } = backfill;
  const after = backfill.trail.at(-1)?.key ?? backfill.lastKey;
  const { publication } = config.source;
  const keyed = await readKeyedTable(client, { schema, table: name, publication });
  const table = await catalog.describe(keyed.relation);
  const until = backfill.endKey ?? (await readLastKey(client, keyed));
  if (!until) return NOTHING_LEFT;
  if (!backfill.endKey) await noteEnd(client, backfill.id, until);
  const token = randomUUID();
  window.expect({ token, table, queue: queue.number });
  await emitWatermark(client, { mark: 'low', token });
  const wanted = { table: keyed, filter, after, until, maxRows: chunkRows, maxBytes: CHUNK_BYTES };
  const [read] = await Promise.allSettled([readChunk(client, wanted)]);
  // A column may have got another name since its name was read. Values of another type would be converted as before.
  const now = await readKeyedTable(client, { schema, table: name, publication });
  if (!isDeepStrictEqual(keyed, now)) return ALTERED;
  if (read.status === 'rejected') throw read.reason;
  const chunk = read.value;
  if (chunk.read === 0) return NOTHING_LEFT;
  window.fill(chunk);
  const outcome = outcomes.of(token);
  await emitWatermark(client, { mark: 'high', token });
  return { lastKey: chunk.lastKey, read: chunk.read, outcome: await outcome };
}

/** SQLSTATE classes for which a retry does not help: bad data, missing objects or rights, rows too large. */
const LASTING = /^(22|23|25006|2F|38|39|3D|3F|42|44|54|XX000)/;

/** Undefined where a retry may help. */
function reasonToFail(cause: unknown): string | undefined {
  if (cause instanceof WalmqError) return cause.sentence;
  const { code, message } = cause as { code?: unknown; message: string };
  if (backfillTableMissing(cause) || typeof code !== 'string' || !LASTING.test(code)) return undefined;
  return `${message} (${code})`;
}
