import { formatPosition, type Lsn, type Position, parseLsn, parsePosition } from '@walmq/change';
import {
  initializeCheckpoint,
  noteCheckpointTimeline,
  type ProducerConnection,
  readCheckpoint,
  readCheckpointTimeline,
  resumeVerdict,
} from '@walmq/fanout';
import {
  readDivergence,
  readSlot,
  readSource,
  readTimeline,
  type Slot,
  slotVerdict,
} from '@walmq/replication';
import type { Redis } from 'ioredis';
import type { Client, ClientConfig } from 'pg';
import { unreachable } from './connect-redis.js';

export interface PositionOptions {
  /** An ordinary connection to the database. */
  readonly control: Client;
  /** For the replication connection that tells of timelines. */
  readonly connection: ClientConfig;
  readonly slot: Slot;
  readonly checkpointKey: string;
  readonly connect: () => Promise<ProducerConnection>;
}

/** Where the stream goes on. Rejects with REDIS_LOST_CHANGES or CHECKPOINT_AHEAD. */
export async function findPosition(options: PositionOptions): Promise<Position> {
  const { control, slot, checkpointKey, connect } = options;
  const { checkpoint, checkpointTimeline } = await withRedis(connect, async redis => ({
    checkpoint: await readCheckpoint(redis, checkpointKey),
    checkpointTimeline: await readCheckpointTimeline(redis, checkpointKey),
  }));
  const timeline = await readTimeline(control);
  const { walEnd } = await readSource(control);
  const verdict = resumeVerdict({
    checkpoint: checkpoint === null ? null : parsePosition(checkpoint),
    confirmedFlush: slot.confirmedFlushLsn,
    firstLsn: await firstLsn(control, slot, checkpoint !== null),
    walEnd,
    divergedAt: await divergence(options.connection, checkpointTimeline, timeline),
  });
  if (verdict.verdict === 'refuse') throw verdict.error;
  return await withRedis(connect, async redis => {
    // Before the first batch: what the checkpoint counts from here on is WAL of this timeline.
    if (timeline !== checkpointTimeline) await noteCheckpointTimeline(redis, checkpointKey, timeline);
    if (verdict.verdict === 'resume') return verdict.position;
    const first = formatPosition(verdict.position);
    return parsePosition(await initializeCheckpoint(redis, checkpointKey, first));
  });
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

/**
 * Where the slot stood when a capture read it for the first time: noted now if this is that time. A database that takes
 * no writes, as one whose disk is full, is streamed all the same: what frees its WAL is this process. Without a note only a
 * checkpoint tells that nothing was lost before.
 */
async function firstLsn(control: Client, slot: Slot, hasCheckpoint: boolean): Promise<Lsn> {
  const noted = await notedFirstLsn(control, slot);
  if (noted !== undefined) return noted;
  try {
    await control.query(
      'INSERT INTO walmq.capture (slot, first_lsn) SELECT slot_name, confirmed_flush_lsn FROM pg_replication_slots WHERE slot_name = $1 ON CONFLICT DO NOTHING',
      [slot.name],
    );
  } catch (cause) {
    if (!hasCheckpoint) throw cause;
  }
  return (await notedFirstLsn(control, slot)) ?? slot.confirmedFlushLsn;
}

async function notedFirstLsn(control: Client, slot: Slot): Promise<Lsn | undefined> {
  const { rows } = await control.query<{ first_lsn: string }>(
    'SELECT first_lsn FROM walmq.capture WHERE slot = $1',
    [slot.name],
  );
  return rows[0] && parseLsn(rows[0].first_lsn);
}
