import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';

/** What tells one source of changes from another in one Redis. */
export interface SourceIdentity {
  readonly systemIdentifier: string;
  readonly database: string;
  readonly slot: string;
}

/** The Redis key of a source's checkpoint: a hash with the field `position`. */
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

/** Stores the first position of a source, unless there is one already; returns the one that stands. */
export async function initializeCheckpoint(redis: Redis, key: string, position: string): Promise<string> {
  await redis.hsetnx(key, 'position', position);
  return (await readCheckpoint(redis, key)) ?? position;
}

/** Moves a source's checkpoint by force: only where no capture runs and a person has accepted what that gives up. */
export async function moveCheckpoint(redis: Redis, key: string, position: string): Promise<void> {
  await redis.multi().hset(key, 'position', position).hdel(key, 'timeline').exec();
}

/** The timeline whose WAL the checkpoint counts; null when nobody has noted it. */
export async function readCheckpointTimeline(redis: Redis, key: string): Promise<number | null> {
  const timeline = await redis.hget(key, 'timeline');
  return timeline === null ? null : Number(timeline);
}

/** Notes the timeline whose WAL the checkpoint counts from now on. */
export async function noteCheckpointTimeline(redis: Redis, key: string, timeline: number): Promise<void> {
  await redis.hset(key, 'timeline', timeline);
}

/** A write that changes nothing: whatever makes it durable has made everything before it durable. */
export async function touchCheckpoint(redis: Redis, key: string): Promise<void> {
  await redis.hset(key, 'touchedAt', Date.now());
}
