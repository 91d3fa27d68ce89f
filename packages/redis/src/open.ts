import { Redis } from 'ioredis';
import type { RedisAddress } from './address/address.js';
import { tlsOptions } from './address/tls-options.js';
import { sentinelConnector } from './sentinel/connector.js';
import { SteadyCluster } from './steady-cluster.js';

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
 * Opens a connection, or a cluster client. ioredis' Cluster takes the same commands as Redis, and BullMQ detects the
 * difference. walmq uses no member that differs in type. Throws REDIS_URL_INVALID if a file of TLS cannot be read.
 */
export function openRedis(address: RedisAddress, options: OpenOptions): Redis {
  if (address.kind !== 'cluster')
    return new Redis({
      ...COMMON,
      ...options,
      ...loginOf(address),
      ...whereOf(address),
      db: address.database,
    });
  const { lazyConnect = false, retryStrategy, ...redisOptions } = options;
  const cluster = new SteadyCluster([...address.nodes], {
    lazyConnect,
    clusterRetryStrategy: retryStrategy,
    redisOptions: { ...COMMON, ...redisOptions, ...loginOf(address) },
  });
  return cluster as unknown as Redis;
}

/** Milliseconds of TCP keepalive, so that firewalls keep quiet connections open. */
const COMMON = { keepAlive: 10_000 };

function whereOf(address: Exclude<RedisAddress, { kind: 'cluster' }>) {
  switch (address.kind) {
    case 'server':
      return { ...address.at };
    case 'socket':
      return { path: address.path };
    case 'sentinel':
      return { Connector: sentinelConnector(address) };
  }
}

function loginOf({ username, password, tls, family }: RedisAddress) {
  return {
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(family === undefined ? {} : { family }),
    ...(tls === undefined ? {} : { tls: tlsOptions(tls) }),
  };
}
