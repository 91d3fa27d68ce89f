import { shardPrefixes, type WalmqConfig } from '@walmq/config';
import type { Redis } from 'ioredis';
import type { CaptureStatus } from './pipeline-status.js';

/** Milliseconds a heartbeat is believed: a few beats may be missed. */
const BELIEVED_MS = 5000;
/** The names of captures, by when they were heard of: generous, since it only bounds the list. */
const LISTED_MS = 3_600_000;

/** Captures tell of themselves in the first shard, whose hash tag keeps all of it on one node of a cluster. */
export function heartbeatPrefix(redis: Pick<WalmqConfig['redis'], 'prefix' | 'shards'>): string {
  return shardPrefixes(redis)[0] as string;
}

/**
 * A capture tells of itself: a key of its own that expires, its name in the list of names, and, while it is active,
 * a key that stays and says how far the last active one had come.
 */
export async function writeHeartbeat(redis: Redis, prefix: string, beat: CaptureStatus): Promise<void> {
  const keys = keysOf(prefix);
  const nowMs = Date.now();
  const json = JSON.stringify(beat);
  const pipeline = redis
    .pipeline()
    .set(keys.instance(beat.instance), json, 'PX', BELIEVED_MS)
    .zadd(keys.list, nowMs, beat.instance)
    .zremrangebyscore(keys.list, '-inf', nowMs - LISTED_MS)
    .pexpire(keys.list, LISTED_MS);
  if (beat.role === 'active') pipeline.set(keys.lastActive(beat.slot), json);
  const failed = (await pipeline.exec())?.find(([error]) => error);
  if (failed?.[0]) throw failed[0];
}

/** A capture that ends is gone at once, but for its last words: how far it had come, or the fault it ends by. */
export async function endHeartbeat(redis: Redis, prefix: string, last: CaptureStatus): Promise<void> {
  const keys = keysOf(prefix);
  const pipeline = redis.pipeline().del(keys.instance(last.instance)).zrem(keys.list, last.instance);
  // A capture that streams says so again within a second.
  if (last.role === 'active' || (last.role === 'waiting' && last.lastError))
    pipeline.set(keys.lastActive(last.slot), JSON.stringify(last));
  await pipeline.exec();
}

export interface Heartbeats {
  /** Of the last seconds, the active one first. */
  readonly captures: readonly CaptureStatus[];
  readonly lastActive: CaptureStatus | null;
}

/** Reads what the captures of one slot have told; with `source`, only of those that do not read another one's. */
export async function readHeartbeats(
  redis: Redis,
  prefix: string,
  { slot, source }: { slot: string; source: string | null },
): Promise<Heartbeats> {
  const keys = keysOf(prefix);
  const instances = await redis.zrange(keys.list, '0', '-1');
  const [lastActive, ...beats] = await redis.mget(keys.lastActive(slot), ...instances.map(keys.instance));
  const ours = (text: string | null | undefined): CaptureStatus[] => {
    if (!text) return [];
    const beat = JSON.parse(text) as CaptureStatus;
    const same = beat.source === null || source === null || beat.source === source;
    return beat.slot === slot && same ? [beat] : [];
  };
  return {
    captures: beats.flatMap(ours).sort(byRole),
    lastActive: ours(lastActive)[0] ?? null,
  };
}

const ROLES: readonly CaptureStatus['role'][] = ['active', 'standby', 'waiting'];

function byRole(a: CaptureStatus, b: CaptureStatus): number {
  return ROLES.indexOf(a.role) - ROLES.indexOf(b.role) || a.startedAt.localeCompare(b.startedAt);
}

function keysOf(prefix: string) {
  return {
    list: `${prefix}:walmq:captures`,
    instance: (instance: string) => `${prefix}:walmq:capture:${instance}`,
    lastActive: (slot: string) => `${prefix}:walmq:last-capture:${slot}`,
  };
}
