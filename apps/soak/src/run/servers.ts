import { type EmbeddedPostgres, type EmbeddedRedis, startPostgres, startRedis } from '@walmq/embedded';
import { type Network, startNetwork } from '@walmq/testing/network';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import type { Role, ServerName, Topology } from '../plan/round.js';

/** The servers of one topology, which rounds share, and the networks between them and the processes. */
export interface Servers {
  readonly topology: Topology;
  readonly postgres: EmbeddedPostgres;
  readonly redis: EmbeddedRedis;
  network(role: Role, server: ServerName): Network;
  networks(): Iterable<Network>;
  /** URL of the superuser on the server itself. */
  databaseUrl(database: string): string;
  redisUrl(): string;
  stop(): Promise<void>;
}

/**
 * Only processes are killed, never the machine: what PostgreSQL has written to files outlives it without fsync. Connections that
 * nobody answers are given up quickly, because a round is short.
 */
const POSTGRES = {
  fsync: 'off',
  wal_sender_timeout: '3s',
  tcp_keepalives_idle: 2,
  max_connections: 200,
  max_wal_size: '256MB',
};

export async function startServers(topology: Topology): Promise<Servers> {
  const [postgres, redis] = await Promise.all([startPostgres({ settings: POSTGRES }), startRedis()]);
  const networks = new Map<string, Network>();
  for (const role of ['capture', 'worker'])
    for (const [server, { port }] of Object.entries({ postgres, redis }))
      networks.set(`${role} ${server}`, await startNetwork(port));
  return {
    topology,
    postgres,
    redis,
    networks: () => networks.values(),
    network: (role, server) => networks.get(`${role} ${server}`) as Network,
    databaseUrl: database => Object.assign(new URL(postgres.url), { pathname: `/${database}` }).href,
    redisUrl: () => redis.url,
    async stop() {
      await Promise.all([...networks.values()].map(network => network[Symbol.asyncDispose]()));
      await Promise.all([postgres.stop(), redis.stop()]);
    },
  };
}

/** A connection of the soak itself to Redis, past the networks. It reconnects. */
export function connectRedis(servers: Servers): Redis {
  const redis = new Redis(servers.redisUrl(), { maxRetriesPerRequest: null, retryStrategy: () => 20 });
  redis.on('error', () => undefined);
  return redis;
}

/** Runs statements on a connection of its own. */
export async function withClient<T>(url: string, act: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5000 });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await act(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}
