import { shardPrefixes, type WalmqConfig } from '@walmq/config';
import { checkpointKey, type SourceIdentity } from '@walmq/fanout';
import type { Redis } from 'ioredis';
import { keysLike } from '../terminal/keys-like.js';

/** Maximum number of keys per command, so that the command does not block Redis. */
const AT_ONCE = 500;

export interface OwnKeys {
  /** walmq's own keys of this source: the checkpoints and the status of captures. */
  readonly own: readonly string[];
  /** Keys of the queues. Empty if another source feeds them too. */
  readonly queues: readonly string[];
  /** The other source that feeds the same queues. Undefined if there is none. */
  readonly sharedWith: string | undefined;
}

/** Finds all keys of a source and its queues. Scans all keys of Redis once for each shard. */
export async function findKeys(redis: Redis, config: WalmqConfig, source: SourceIdentity): Promise<OwnKeys> {
  const prefixes = shardPrefixes(config.redis);
  const all = (await Promise.all(prefixes.map(prefix => keysLike(redis, `${prefix}:`)))).flat();
  const ours = prefixes.map(prefix => checkpointKey(prefix, source));
  const startsWithAny = (key: string, starts: readonly string[]) =>
    starts.some(start => key.startsWith(start));
  const checkpoints = prefixes.map(prefix => `${prefix}:walmq:checkpoint:`);
  const other = all.find(key => startsWithAny(key, checkpoints) && !ours.includes(key));
  const shared = other !== undefined;
  const told = all.filter(
    key =>
      startsWithAny(
        key,
        prefixes.map(prefix => `${prefix}:walmq:`),
      ) && !startsWithAny(key, checkpoints),
  );
  const queues = Object.values(config.queues).map(({ prefix, name }) => `${prefix}:${name}:`);
  return {
    own: [
      ...ours.filter(key => all.includes(key)),
      ...(shared ? told.filter(key => key.endsWith(`:${source.slot}`)) : told),
    ],
    queues: shared ? [] : all.filter(key => startsWithAny(key, queues)),
    sharedWith: other === undefined ? undefined : feederOf(other, prefixes, source),
  };
}

/**
 * Name of the other source, derived from its checkpoint's key. A database's name may contain ":", a slot's name cannot.
 */
function feederOf(
  checkpoint: string,
  prefixes: readonly string[],
  { systemIdentifier, database }: SourceIdentity,
): string {
  const sameDatabase = prefixes
    .map(prefix => checkpointKey(prefix, { systemIdentifier, database, slot: '' }))
    .some(start => checkpoint.startsWith(start) && !checkpoint.slice(start.length).includes(':'));
  const slot = checkpoint.slice(checkpoint.lastIndexOf(':') + 1);
  return sameDatabase ? `another pipeline of this database (slot "${slot}")` : 'another database';
}

export async function removeKeys(redis: Redis, keys: readonly string[]): Promise<void> {
  for (let at = 0; at < keys.length; at += AT_ONCE) await redis.unlink(...keys.slice(at, at + AT_ONCE));
}
