import { shardPrefixes, type WalmqConfig } from '@walmq/config';
import { checkpointKey, type SourceIdentity } from '@walmq/fanout';
import type { Redis } from 'ioredis';
import { keysLike } from './keys-like.js';

/** Keys of other sources' checkpoints under the same prefix. Scans all keys of Redis. */
export async function foreignCheckpoints(
  redis: Redis,
  config: Pick<WalmqConfig, 'redis'>,
  source: SourceIdentity,
): Promise<string[]> {
  const prefixes = shardPrefixes(config.redis);
  const found = await Promise.all(prefixes.map(prefix => keysLike(redis, `${prefix}:walmq:checkpoint:`)));
  const own = new Set(prefixes.map(prefix => checkpointKey(prefix, source)));
  return found.flat().filter(key => !own.has(key));
}
