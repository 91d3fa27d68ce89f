import { type Lsn, messageOf } from '@walmq/change';
import { shardPrefixes, type WalmqConfig } from '@walmq/config';
import { checkpointKey, readCheckpoint, type SourceIdentity, sourceTag } from '@walmq/fanout';
import { readSlot, readSource } from '@walmq/replication';
import type { Redis } from 'ioredis';
import type { ClientBase, Pool, PoolClient } from 'pg';
import { heartbeatPrefix, readHeartbeats } from '../status/heartbeat.js';
import { assembleTrace } from './assemble.js';
import { type CaptureFacts, captureNotes } from './capture-notes.js';
import { findEvent } from './find/find-event.js';
import { findChange, findTransaction } from './find/find-position.js';
import { findRow } from './find/find-row.js';
import type { Found, Scope } from './find/found.js';
import { QueueReader } from './queue-reader.js';
import type { Trace, TraceNote, TraceQuery } from './trace.js';

export interface TraceOptions {
  readonly config: WalmqConfig;
  /** Or the reason why there is no connection: the logs, the inbox and the types of keys are then not known. */
  readonly database: Pool | Error;
  readonly redis: Redis;
  readonly query: TraceQuery;
  /** False: the value of a column that a queue hides leads to nothing, because the answer would confirm a guess. Default true. */
  readonly mayNameHidden?: boolean;
  /** Number of changes to show; of more, the first and the last. Default 200. */
  readonly most?: number;
}

const MOST_CHANGES = 200;

/**
 * Reads what is still known of a row, an event's key, a transaction or a change. Follows pointers and asks for ids; what has
 * neither is searched up to a bound, and the trace says so. Throws TABLE_NOT_TAKEN, KEY_INVALID, KEY_HIDDEN or POSITION_INVALID.
 */
export async function readTrace(options: TraceOptions): Promise<Trace> {
  const { database } = options;
  if (database instanceof Error) return await readWith(options, undefined, database);
  let client: PoolClient;
  try {
    client = await database.connect();
  } catch (error) {
    return await readWith(options, undefined, error as Error);
  }
  try {
    return await readWith(options, client, undefined);
  } finally {
    client.release();
  }
}

async function readWith(
  { config, redis, query, mayNameHidden = true, most = MOST_CHANGES }: TraceOptions,
  client: ClientBase | undefined,
  noDatabase: Error | undefined,
): Promise<Trace> {
  const source = client && { ...(await readSource(client)), slot: config.source.slot };
  const checkpoint = source && (await slowestCheckpoint(redis, config, source));
  const scope: Scope = {
    config,
    redis,
    client,
    readers: new Map(Object.values(config.queues).map(queue => [queue.name, new QueueReader(redis, queue)])),
    tag: source && sourceTag(source),
    checkpoint,
    mayNameHidden,
  };
  const found = await find(scope, query);
  const notes = [
    ...(noDatabase ? [noDatabaseNote(noDatabase)] : []),
    ...(source ? captureNotes(await captureFacts(scope, source)) : []),
  ];
  return await assembleTrace(scope, { ...found, notes: [...notes, ...found.notes] }, { query, most });
}

async function find(scope: Scope, query: TraceQuery): Promise<Found> {
  switch (query.by) {
    case 'row':
      return await findRow(scope, query);
    case 'change':
      return await findChange(scope, query.id);
    case 'lsn':
      return await findTransaction(scope, query.lsn);
    case 'event':
      return await findEvent(scope, query.key);
  }
}

/** The position up to which all shards have their jobs; undefined if a shard has no checkpoint. */
async function slowestCheckpoint(
  redis: Redis,
  config: WalmqConfig,
  source: SourceIdentity,
): Promise<string | undefined> {
  const found = await Promise.all(
    shardPrefixes(config.redis).map(prefix => readCheckpoint(redis, checkpointKey(prefix, source))),
  );
  return found.includes(null) ? undefined : (found as string[]).sort()[0];
}

async function captureFacts(
  { client, redis, config, checkpoint }: Scope,
  source: SourceIdentity & { readonly walEnd: Lsn },
): Promise<CaptureFacts> {
  const { slot } = config.source;
  const isSlotRead = client !== undefined && (await readSlot(client, slot))?.active === true;
  const heartbeats = await readHeartbeats(redis, heartbeatPrefix(config.redis), {
    slot,
    source: sourceTag(source),
  });
  return { checkpoint, walEnd: source.walEnd, isSlotRead, heartbeats };
}

function noDatabaseNote(error: Error): TraceNote {
  return {
    code: 'no-database',
    queue: null,
    text: `The database was not asked (${messageOf(error)}): logs, inbox and effects are not shown, and the type of the key is a guess.`,
  };
}
