import { Cluster, Redis } from 'ioredis';

/** Options of ioredis that Redis and Cluster share. */
export interface OpenOptions {
  readonly connectionName: string;
  readonly maxRetriesPerRequest: number | null;
  /** Milliseconds to wait before the n-th try; null: stop. */
  readonly retryStrategy: (attempt: number) => number | null;
  /** 2: connect again and send the command again. */
  readonly reconnectOnError?: (error: Error) => false | 2;
  readonly autoResendUnfulfilledCommands?: boolean;
  readonly enableOfflineQueue?: boolean;
  readonly lazyConnect?: boolean;
  readonly connectTimeout?: number;
  readonly commandTimeout?: number;
  /** Milliseconds without a byte from the server after a command was sent; then the socket is closed. */
  readonly socketTimeout?: number;
}

/**
 * `redis+cluster://` is the URL of any node of a Redis Cluster. A Cluster takes the same commands as a Redis, and BullMQ
 * detects which it got. Their types differ only in members that walmq does not use.
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
