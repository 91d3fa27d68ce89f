import { Cluster, Redis } from 'ioredis';

/** Options of ioredis that Redis and Cluster share. */
export interface OpenOptions {
  readonly connectionName: string;
  readonly maxRetriesPerRequest: number | null;
  /** Returns the milliseconds to wait before the n-th attempt; null to stop. */
  readonly retryStrategy: (attempt: number) => number | null;
  /** Returns 2 to connect again and send the command again, false to do neither. */
  readonly reconnectOnError?: (error: Error) => false | 2;
  readonly autoResendUnfulfilledCommands?: boolean;
  readonly enableOfflineQueue?: boolean;
  readonly lazyConnect?: boolean;
  readonly connectTimeout?: number;
  readonly commandTimeout?: number;
  /** Milliseconds without a byte from the server after a command was sent, after which the socket is closed. */
  readonly socketTimeout?: number;
}

/**
 * Opens a connection, or a cluster client for a `redis+cluster://` URL, which names any node of a Redis Cluster. ioredis'
 * Cluster takes the same commands as Redis, and BullMQ detects the difference. walmq uses no member that differs in type.
 */
export function openRedis(url: string, options: OpenOptions): Redis {
  if (!CLUSTER_URL.test(url)) return new Redis(url, { ...COMMON, ...options });
  const { lazyConnect = false, retryStrategy, ...redisOptions } = options;
  const node = url.replace(CLUSTER_URL, '$1:');
  const { username, password, protocol } = new URL(node);
  const cluster = new Cluster([node], {
    lazyConnect,
    clusterRetryStrategy: retryStrategy,
    redisOptions: {
      ...COMMON,
      ...redisOptions,
      ...(username ? { username: decodeURIComponent(username) } : {}),
      ...(password ? { password: decodeURIComponent(password) } : {}),
      ...(protocol === 'rediss:' ? { tls: {} } : {}),
    },
  });
  return cluster as unknown as Redis;
}

const CLUSTER_URL = /^(rediss?)\+cluster:/;

/** Milliseconds of TCP keepalive, so that firewalls keep quiet connections open. */
const COMMON = { keepAlive: 10_000 };
