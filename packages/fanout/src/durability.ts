import { WalmqError } from '@walmq/change';
import type { Durability } from '@walmq/config';
import type { Redis } from 'ioredis';

/** What a Redis server says of how it keeps data. Undefined: CONFIG and INFO do not tell. */
export interface RedisPersistence {
  readonly appendonly: string | undefined;
  readonly appendfsync: string | undefined;
  readonly maxmemoryPolicy: string | undefined;
  readonly maxmemoryBytes: number | undefined;
}

export interface DurabilityVerdict {
  readonly errors: readonly WalmqError[];
  /** True when the server would not say, so that the promise is the operator's word. */
  readonly unchecked: boolean;
}

export async function readPersistence(redis: Redis): Promise<RedisPersistence> {
  const [appendonly, appendfsync, maxmemoryPolicy, maxmemory] = await Promise.all(
    ['appendonly', 'appendfsync', 'maxmemory-policy', 'maxmemory'].map(name => configOf(redis, name)),
  );
  return {
    appendonly,
    appendfsync,
    maxmemoryPolicy,
    maxmemoryBytes: maxmemory === undefined ? undefined : Number(maxmemory),
  };
}

/** CONFIG is forbidden or renamed on many managed servers. */
async function configOf(redis: Redis, name: string): Promise<string | undefined> {
  try {
    const reply = (await redis.call('CONFIG', 'GET', name)) as string[];
    return reply[1];
  } catch (error) {
    if ((error as Error).name === 'ReplyError') return undefined;
    throw error;
  }
}

/** Can this server keep the promise? Decided before the first change is read. */
export function durabilityVerdict(
  durability: Durability,
  trusted: boolean,
  server: RedisPersistence,
): DurabilityVerdict {
  if (server.appendonly === undefined || server.maxmemoryPolicy === undefined)
    return { errors: trusted ? [] : [unknown()], unchecked: true };
  const errors = [evictionError(server), durability === 'fsync' ? fsyncError(server) : undefined];
  return { errors: errors.filter(error => error !== undefined), unchecked: false };
}

function evictionError({ maxmemoryPolicy }: RedisPersistence): WalmqError | undefined {
  if (maxmemoryPolicy === 'noeviction') return undefined;
  return new WalmqError(
    'REDIS_MAY_EVICT',
    `Redis may evict jobs: maxmemory-policy is "${maxmemoryPolicy}".`,
    {
      remedy: 'Run CONFIG SET maxmemory-policy noeviction (and put it into redis.conf).',
    },
  );
}

function fsyncError({ appendonly, appendfsync }: RedisPersistence): WalmqError | undefined {
  if (appendonly === 'yes' && appendfsync === 'always') return undefined;
  return new WalmqError(
    'REDIS_NOT_DURABLE',
    `durability is "fsync", but Redis has appendonly ${appendonly} and appendfsync ${appendfsync}.`,
    {
      remedy:
        'Run CONFIG SET appendonly yes and CONFIG SET appendfsync always (and put both into redis.conf), ' +
        'or set redis.durability to "memory" and accept that a crash of Redis loses acknowledged changes.',
    },
  );
}

function unknown(): WalmqError {
  return new WalmqError(
    'REDIS_DURABILITY_UNKNOWN',
    'Redis does not let CONFIG GET check the durability it is set to.',
    {
      remedy: 'Check it with your provider, then set redis.trustDurability to true.',
    },
  );
}
