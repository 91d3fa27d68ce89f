import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';

/** What tells one source of changes from another in one Redis. */
export interface SourceIdentity {
  readonly systemIdentifier: string;
  readonly database: string;
  readonly slot: string;
}

/** What a source's checkpoint says: a hash in Redis. */
export interface Checkpoint {
  /** Where the last change enqueued stands: `00000000019F2B40-0000000001`. */
  readonly position: string;
  /** The timeline whose WAL the position counts; null when nobody has noted it. */
  readonly timeline: number | null;
  /** The last transaction at or before the position, as its capture marks it; null when nobody has noted it. */
  readonly transaction: string | null;
  /** Which slot the changes came through: where it was made anew, in PostgreSQL's text form; null for the first of its name. */
  readonly slotMadeAt: string | null;
}

/** The Redis key of a source's checkpoint. */
export function checkpointKey(prefix: string, source: SourceIdentity): string {
  return `${prefix}:walmq:checkpoint:${source.systemIdentifier}:${source.database}:${source.slot}`;
}

/** The Redis key of what capture notes of a source's catalog: a hash. */
export function catalogKey(prefix: string, source: SourceIdentity): string {
  return `${prefix}:walmq:catalog:${source.systemIdentifier}:${source.database}:${source.slot}`;
}

/**
 * Six characters that tell sources apart in job ids: a database made anew counts its WAL from the beginning, and
 * a job id that BullMQ still remembers would silently swallow the new job.
 */
export function sourceTag(source: SourceIdentity): string {
  const text = `${source.systemIdentifier}/${source.database}/${source.slot}`;
  return createHash('sha256').update(text).digest('hex').slice(0, 6);
}

/** The position stored last, or null when this Redis holds none. */
export async function readCheckpoint(redis: Redis, key: string): Promise<string | null> {
  return await redis.hget(key, 'position');
}

/** The whole of it, or null when this Redis holds none. */
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

/** Stores the first position of a source, unless there is one already; returns the one that stands. */
export async function initializeCheckpoint(redis: Redis, key: string, position: string): Promise<string> {
  await redis.hsetnx(key, 'position', position);
  return (await readCheckpoint(redis, key)) ?? position;
}

/** Gives a checkpoint the name its source has now, unless there is one of that name. */
export async function renameCheckpoint(redis: Redis, from: string, to: string): Promise<void> {
  await redis.renamenx(from, to);
}

/** Moves a source's checkpoint by force: only where no capture runs and a person has accepted what that gives up. */
export async function moveCheckpoint(redis: Redis, key: string, position: string): Promise<void> {
  await redis.multi().hset(key, 'position', position).hdel(key, 'timeline', 'transaction').exec();
}

/** Notes which timeline's WAL the checkpoint counts from now on, and through which slot. */
export async function noteCheckpointOrigin(
  redis: Redis,
  key: string,
  { timeline, slotMadeAt }: { readonly timeline: number; readonly slotMadeAt: string | null },
): Promise<void> {
  await redis.hset(key, { timeline, slotMadeAt: slotMadeAt ?? '' });
}

/** A write that changes nothing: whatever makes it durable has made everything before it durable. */
export async function touchCheckpoint(redis: Redis, key: string): Promise<void> {
  await redis.hset(key, 'touchedAt', Date.now());
}
