import { Cluster, Redis } from 'ioredis';
import type { Logger } from './log.js';

export interface ConnectionOptions {
  readonly url: string;
  /** Shown to the server: CLIENT SETNAME. */
  readonly name: string;
  readonly log: Logger;
}

/** Reconnects for as long as it takes; commands wait meanwhile, as BullMQ's workers need it. */
export function connectRedis({ url, name, log }: ConnectionOptions): Redis {
  const redis = openRedis(url, {
    connectionName: name,
    maxRetriesPerRequest: null,
    retryStrategy: attempt => Math.min(50 * 2 ** Math.min(attempt, 7), 5000),
  });
  let failures = 0;
  redis.on('ready', () => {
    if (failures > 0) log.info({ event: 'redis:back' }, 'Redis is back');
    failures = 0;
  });
  redis.on('error', (error: Error) => {
    failures += 1;
    // The first is news; one a minute or so is a reminder; the rest would only fill the log.
    const level = failures === 1 || failures % 12 === 0 ? 'warn' : 'debug';
    log[level]({ event: 'redis:unreachable', error: error.message, failures }, 'Redis cannot be reached');
  });
  return redis;
}

/** ioredis' own options, of those that a Redis and a Cluster share. */
interface OpenOptions {
  readonly connectionName: string;
  readonly maxRetriesPerRequest: number | null;
  /** Milliseconds to wait before the n-th try; null: no more. */
  readonly retryStrategy: (attempt: number) => number | null;
  readonly lazyConnect?: boolean;
  readonly connectTimeout?: number;
  readonly commandTimeout?: number;
}

/**
 * `redis+cluster://` is any node of a Redis Cluster. A Cluster takes the same commands as a Redis, and BullMQ tells
 * them apart by itself; only their types differ, in what nobody here uses.
 */
export function openRedis(url: string, options: OpenOptions): Redis {
  if (!CLUSTER_URL.test(url)) return new Redis(url, options);
  const { lazyConnect = false, retryStrategy, ...redisOptions } = options;
  const node = url.replace(CLUSTER_URL, '$1:');
  const { username, password, protocol } = new URL(node);
  const cluster = new Cluster([node], {
    lazyConnect,
    clusterRetryStrategy: retryStrategy,
    redisOptions: {
      ...redisOptions,
      ...(username ? { username: decodeURIComponent(username) } : {}),
      ...(password ? { password: decodeURIComponent(password) } : {}),
      ...(protocol === 'rediss:' ? { tls: {} } : {}),
    },
  });
  return cluster as unknown as Redis;
}

const CLUSTER_URL = /^(rediss?)\+cluster:/;

/** For readiness: the reason while there is no connection; rejects while it does not answer. */
export async function checkRedis(redis: Redis): Promise<string | undefined> {
  if (redis.status !== 'ready') return `the connection to Redis is ${redis.status}`;
  await redis.ping();
  return undefined;
}
