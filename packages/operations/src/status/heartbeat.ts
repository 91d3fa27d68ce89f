import { shardPrefixes, type WalmqConfig } from '@walmq/config';
import type { Redis } from 'ioredis';
import type { CaptureStatus } from './pipeline-status.js';

/** Milliseconds for which a heartbeat is valid: a few may be missed. */
const BELIEVED_MS = 5000;
/**
 * The names of captures by the time of their last heartbeat. The limit is generous, because it only bounds
 * the list.
 */
const LISTED_MS = 3_600_000;

/**
 * Captures write their heartbeats to the first shard, whose hash tag keeps all of them on one node of a
 * cluster.
 */
export function heartbeatPrefix(redis: Pick<WalmqConfig['redis'], 'prefix' | 'shards'>): string {
  return shardPrefixes(redis)[0] as string;
}

/**
 * Writes a capture's heartbeat: a key that expires, its name in the list of names, and, while it is active, a
 * key that stays and holds the last active capture's position.
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

/**
 * Removes an ending capture at once, except for its last report: its position, or the fault that ended it.
 */
export async function endHeartbeat(redis: Redis, prefix: string, last: CaptureStatus): Promise<void> {
  const keys = keysOf(prefix);
  const pipeline = redis.pipeline().del(keys.instance(last.instance)).zrem(keys.list, last.instance);
  // A streaming capture reports again within a second.
  if (last.role === 'active' || (last.role === 'waiting' && last.lastError))
    pipeline.set(keys.lastActive(last.slot), JSON.stringify(last));
  await pipeline.exec();
}

export interface Heartbeats {
  /** Captures of the last seconds, the active one first. */
  readonly captures: readonly CaptureStatus[];
  readonly lastActive: CaptureStatus | null;
}

/** Reads the heartbeats of one slot's captures; with `source`, without those that read another source. */
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
