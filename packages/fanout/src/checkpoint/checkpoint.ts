import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';

/** Identifies a source of changes among those that share a Redis. */
export interface SourceIdentity {
  readonly systemIdentifier: string;
  readonly database: string;
  readonly slot: string;
}

/** A source's checkpoint: a hash in Redis. */
export interface Checkpoint {
  /** Position of the last change enqueued: `00000000019F2B40-0000000001`. */
  readonly position: string;
  /** Timeline of the position; null if not noted yet. */
  readonly timeline: number | null;
  /** Last transaction at or before the position, as capture marks it; null if not noted yet. */
  readonly transaction: string | null;
  /** LSN in PostgreSQL's text form at which the slot was created again; null for the first slot of its name. */
  readonly slotMadeAt: string | null;
}

/** The Redis key of a source's checkpoint. */
export function checkpointKey(prefix: string, source: SourceIdentity): string {
  return `${prefix}:walmq:checkpoint:${source.systemIdentifier}:${source.database}:${source.slot}`;
}

/** The Redis key of capture's notes on a source's catalog: a hash. */
export function catalogKey(prefix: string, source: SourceIdentity): string {
  return `${prefix}:walmq:catalog:${source.systemIdentifier}:${source.database}:${source.slot}`;
}

/**
 * Six characters that separate sources in job ids. A database that was created again counts its WAL from the beginning, and
 * BullMQ would silently ignore a new job whose id still exists.
 */
export function sourceTag(source: SourceIdentity): string {
  const text = `${source.systemIdentifier}/${source.database}/${source.slot}`;
  return createHash('sha256').update(text).digest('hex').slice(0, 6);
}

/** The position, or null if Redis holds no checkpoint. */
export async function readCheckpoint(redis: Redis, key: string): Promise<string | null> {
  return await redis.hget(key, 'position');
}

/** The whole checkpoint, or null if Redis holds none. */
export async function readWholeCheckpoint(redis: Redis, key: string): Promise<Checkpoint | null> {
  const [position, timeline, transaction, slotMadeAt] = await redis.hmget(
    key,
    'position',
    'timeline',
    'transaction',
    'slotMadeAt',
  );
  if (!position) return null;
  return {
    position,
    timeline: timeline ? Number(timeline) : null,
    transaction: transaction || null,
    slotMadeAt: slotMadeAt || null,
  };
}

/** Stores the first position of a source, unless Redis holds one; returns the position that Redis holds then. */
export async function initializeCheckpoint(redis: Redis, key: string, position: string): Promise<string> {
  await redis.hsetnx(key, 'position', position);
  return (await readCheckpoint(redis, key)) ?? position;
}

/** Renames a checkpoint after its source, unless one of that name exists. */
export async function renameCheckpoint(redis: Redis, from: string, to: string): Promise<void> {
  await redis.renamenx(from, to);
}

/** Overwrites a source's checkpoint. Only while no capture runs, and after an operator accepted the loss. */
export async function moveCheckpoint(redis: Redis, key: string, position: string): Promise<void> {
  await redis.multi().hset(key, 'position', position).hdel(key, 'timeline', 'transaction').exec();
}

/** Notes the timeline and the slot of the checkpoint from now on. */
export async function noteCheckpointOrigin(
  redis: Redis,
  key: string,
  { timeline, slotMadeAt }: { readonly timeline: number; readonly slotMadeAt: string | null },
): Promise<void> {
  await redis.hset(key, { timeline, slotMadeAt: slotMadeAt ?? '' });
}

/** Writes without moving the checkpoint. Once this write is durable, all earlier writes are. */
export async function touchCheckpoint(redis: Redis, key: string): Promise<void> {
  await redis.hset(key, 'touchedAt', Date.now());
}
