import { formatPosition, type Lsn, type Position, parsePosition } from '@walmq/change';
import {
  type Checkpoint,
  initializeCheckpoint,
  noteCheckpointOrigin,
  type ProducerConnection,
  readWholeCheckpoint,
  renameCheckpoint,
} from '@walmq/fanout';
import { resumeVerdict } from '@walmq/operations';
import {
  type CaptureRow,
  isFromElsewhere,
  noteSource,
  readCaptureRow,
  readDivergence,
  readSlot,
  readSource,
  readTimeline,
  type Slot,
  type Source,
  slotVerdict,
  writeFirstLsn,
} from '@walmq/replication';
import type { Redis } from 'ioredis';
import type { Client, ClientConfig } from 'pg';
import { type Claimed, markOfNone } from '../progress/prove-history.js';
import { unreachable } from '../redis/connect-durable.js';
import type { Shard } from '../redis/shards.js';

export interface PositionOptions {
  /** An ordinary connection to the database. */
  readonly control: Client;
  /** For a replication connection, which reads the history of timelines. */
  readonly connection: ClientConfig;
  readonly publication: string;
  readonly slot: Slot;
  readonly source: Source;
  readonly shards: readonly Shard[];
  /** What an operator should know about the start, as a sentence. */
  readonly onNotice: (event: string, sentence: string) => void;
}

/** Where the stream goes on in each shard. Rejects with REDIS_LOST_CHANGES or CHECKPOINT_AHEAD. */
export async function findPositions(options: PositionOptions): Promise<Claimed[]> {
  const { control, source, slot, shards } = options;
  const row = await ownRow(options);
  const timeline = await readTimeline(control);
  const found: (Found & { readonly shard: Shard })[] = [];
  for (const shard of shards)
    found.push({ shard, ...(await findPosition({ ...options, row: row.own, timeline, shard })) });
  // Before the first position is stored: one without this row would be taken for that of a Redis that lost it.
  // A database that takes no writes, for example with a full disk, is streamed all the same where a checkpoint exists.
  if (!row.own)
    await writeFirstLsn(control, slot, { over: row.foreign }).catch(cause => {
      if (found.some(({ checkpoint }) => !checkpoint)) throw cause;
    });
  if (row.own?.systemIdentifier !== source.systemIdentifier || row.own.database !== source.database)
    await noteSource(control, slot.name, source);
  const claimed: Claimed[] = [];
  for (const { shard, position, checkpoint } of found)
    claimed.push(
      await withRedis(shard.connect, async redis => {
        const { checkpointKey: key } = shard;
        const slotMadeAt = row.own?.madeLsn ?? null;
        if (!checkpoint) {
          const first = await initializeCheckpoint(redis, key, formatPosition(position));
          await noteCheckpointOrigin(redis, key, { timeline, slotMadeAt });
          return { checkpoint: parsePosition(first), transaction: markOfNone(options.publication) };
        }
        // Before the first batch: what the checkpoint counts from here on is WAL of this timeline, through this slot.
        if (checkpoint.timeline !== timeline || checkpoint.slotMadeAt !== slotMadeAt)
          await noteCheckpointOrigin(redis, key, { timeline, slotMadeAt });
        return { checkpoint: position, transaction: checkpoint.transaction };
      }),
    );
  return claimed;
}

/** The row of this slot in walmq.capture; undefined without one, or where a dump brought it from another server. */
async function ownRow({
  control,
  slot,
  source,
  onNotice,
}: PositionOptions): Promise<{ own: CaptureRow | undefined; foreign: boolean }> {
  const row = await readCaptureRow(control, slot.name);
  if (!row || !isFromElsewhere(row, slot, source)) return { own: row, foreign: false };
  onNotice(
    'capture:from-dump',
    'The row of this slot in walmq.capture was written by another server and came with a dump: capture begins where the slot stands',
  );
  return { own: undefined, foreign: true };
}

interface Found {
  readonly position: Position;
  /** Null where it has to be created. */
  readonly checkpoint: Checkpoint | null;
}

async function findPosition(
  options: PositionOptions & { row: CaptureRow | undefined; timeline: number; shard: Shard },
): Promise<Found> {
  const { control, slot, row, timeline, shard } = options;
  const checkpoint = await withRedis(shard.connect, redis => readOwnCheckpoint(redis, options));
  const { walEnd } = await readSource(control);
  const verdict = resumeVerdict({
    checkpoint: checkpoint && parsePosition(checkpoint.position),
    confirmedFlush: slot.confirmedFlushLsn,
    // No capture has read the slot yet, so the slot is where it was created.
    firstLsn: row?.firstLsn ?? slot.confirmedFlushLsn,
    walEnd,
    divergedAt: await divergence(options.connection, checkpoint?.timeline ?? null, timeline),
    slotReplaced: isReplaced(checkpoint, row),
    refusal: row?.refusal ?? undefined,
  });
  if (verdict.verdict === 'refuse') throw verdict.error;
  return { position: verdict.position, checkpoint };
}

/** The checkpoint of this database, also where the database was renamed. */
async function readOwnCheckpoint(
  redis: Redis,
  { row, source, shard, onNotice }: Parameters<typeof findPosition>[0],
): Promise<Checkpoint | null> {
  const checkpoint = await readWholeCheckpoint(redis, shard.checkpointKey);
  const former = row?.database ?? source.database;
  if (checkpoint || former === source.database) return checkpoint;
  const formerKey = shard.keyOf(former);
  if (!(await readWholeCheckpoint(redis, formerKey))) return null;
  await renameCheckpoint(redis, formerKey, shard.checkpointKey);
  onNotice(
    'checkpoint:renamed',
    `The database "${former}" is named "${source.database}" now: its checkpoint in Redis is renamed too`,
  );
  return await readWholeCheckpoint(redis, shard.checkpointKey);
}

/** True when the changes up to the checkpoint came through another slot of this name: set-up records where it creates one. */
function isReplaced(checkpoint: Checkpoint | null, row: CaptureRow | undefined): boolean {
  if (!checkpoint || !row?.madeLsn) return false;
  return checkpoint.slotMadeAt !== row.madeLsn;
}

async function divergence(
  connection: ClientConfig,
  from: number | null,
  to: number,
): Promise<Lsn | undefined> {
  return from === null || from === to ? undefined : await readDivergence({ connection, from, to });
}

async function withRedis<T>(
  connect: () => Promise<ProducerConnection>,
  act: (redis: Redis) => Promise<T>,
): Promise<T> {
  const { redis } = await connect();
  try {
    return await act(redis);
  } catch (cause) {
    throw unreachable(cause);
  } finally {
    redis.disconnect();
  }
}

/** Rejects with SLOT_MISSING, SLOT_FOREIGN or SLOT_LOST. */
export async function requireSlot(control: Client, name: string, database: string): Promise<Slot> {
  const verdict = slotVerdict(await readSlot(control, name), { name, database });
  if (verdict.verdict !== 'ours') throw verdict.error;
  return verdict.slot;
}
