import type { WalmqConfig } from '@walmq/config';
import { checkpointKey, type SourceIdentity } from '@walmq/fanout';
import type { Redis } from 'ioredis';

/** Keys removed by one command: none of them holds Redis up. */
const AT_ONCE = 500;

export interface OwnKeys {
  /** What walmq keeps of this source: its checkpoint, what captures told of themselves. */
  readonly own: readonly string[];
  /** Of the queues; empty when another source feeds them too. */
  readonly queues: readonly string[];
  /** Another database's capture writes to the same queues. */
  readonly shared: boolean;
}

/** Everything that a source and its queues have in Redis. Looks at every key of that Redis once. */
export async function findKeys(redis: Redis, config: WalmqConfig, source: SourceIdentity): Promise<OwnKeys> {
  const { prefix } = config.redis;
  const ours = checkpointKey(prefix, source);
  const all = await keysLike(redis, `${escapeGlob(prefix)}:*`);
  const checkpoints = all.filter(key => key.startsWith(`${prefix}:walmq:checkpoint:`));
  const shared = checkpoints.some(key => key !== ours);
  const walmq = all.filter(key => key.startsWith(`${prefix}:walmq:`));
  const own = shared ? walmq.filter(key => key === ours || key.endsWith(`:${source.slot}`)) : walmq;
  const queues = Object.keys(config.queues).map(name => `${prefix}:${name}:`);
  return {
    own: own.filter(key => key === ours || !key.startsWith(`${prefix}:walmq:checkpoint:`)),
    queues: shared ? [] : all.filter(key => queues.some(queue => key.startsWith(queue))),
    shared,
  };
}

export async function removeKeys(redis: Redis, keys: readonly string[]): Promise<void> {
  for (let at = 0; at < keys.length; at += AT_ONCE) await redis.unlink(...keys.slice(at, at + AT_ONCE));
}

async function keysLike(redis: Redis, pattern: string): Promise<string[]> {
  const found = new Set<string>();
  for await (const keys of redis.scanStream({ match: pattern, count: 1000 }))
    for (const key of keys as string[]) found.add(key);
  return [...found];
}

/** A name taken literally in a SCAN pattern. */
function escapeGlob(name: string): string {
  return name.replaceAll(/[\\*?[\]^-]/g, '\\$&');
}
