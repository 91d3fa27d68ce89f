import { type EmbeddedRedis, startRedis } from '@walmq/embedded';
import { RedisCluster, SentinelSet } from '@walmq/testing/standalone';
import { Cluster, Redis } from 'ioredis';
import type { Topology } from '../plan/round.js';

/** The Redis of a topology: one server, a primary with sentinels, or a cluster. */
export interface RedisServers {
  readonly url: string;
  /** Port of the only server. Undefined if there are several. */
  readonly port: number | undefined;
  /** The server that takes writes; of a cluster, the one that holds the key. */
  holderOf(key: string): Promise<EmbeddedRedis>;
  /** Kills the server that holds a key, lets a replica take over, and starts the killed one again as a replica. */
  failOver(key: string): Promise<void>;
  /** Moves the slot of a key to another server of the cluster. */
  moveSlot(key: string): Promise<void>;
  /** A client of the soak's own, past the networks. It reconnects and follows failovers. */
  connect(): RedisClient;
  stop(): Promise<void>;
}

/** The commands that concern one key, and those that concern all servers. */
export interface RedisClient {
  readonly redis: Redis;
  /** Runs on every server that takes writes. */
  each<T>(act: (redis: Redis) => Promise<T>): Promise<T[]>;
  disconnect(): void;
}

const OPTIONS = { maxRetriesPerRequest: null, retryStrategy: () => 20 };

/** `keep` is a folder for the data of a single server. Default: a temporary one. */
export async function startRedisServers(
  kind: Topology['redis'],
  keep: string | undefined,
): Promise<RedisServers> {
  switch (kind) {
    case 'single':
      return await startSingle(keep);
    case 'sentinel':
      return await startSentinels();
    case 'cluster':
      return await startCluster();
  }
}

async function startSingle(keep: string | undefined): Promise<RedisServers> {
  const server = await startRedis(keep === undefined ? {} : { keep });
  return {
    url: server.url,
    port: server.port,
    holderOf: async () => server,
    failOver: () => Promise.reject(new Error('a single Redis has no replica')),
    moveSlot: () => Promise.reject(new Error('a single Redis has no slots')),
    connect: () => clientOf(new Redis(server.url, OPTIONS)),
    stop: () => server.stop(),
  };
}

async function startSentinels(): Promise<RedisServers> {
  const set = await SentinelSet.start({ replicas: 1 });
  return {
    url: set.url,
    port: undefined,
    holderOf: () => set.primary(),
    async failOver() {
      const former = await set.primary();
      await former.kill('SIGKILL');
      await set.untilPromoted(former);
      await former.restart();
      await set.untilWatched();
    },
    moveSlot: () => Promise.reject(new Error('sentinels have no slots')),
    connect: () => clientOf(connectBySentinels(set.url)),
    stop: () => set.stop(),
  };
}

function connectBySentinels(url: string): Redis {
  const [, password, hosts = '', name] = /^redis\+sentinel:\/\/:([^@]+)@([^/]+)\/([^?]+)/.exec(url) ?? [];
  const sentinels = hosts.split(',').map(host => {
    const [address, port] = host.split(':');
    return { host: address as string, port: Number(port) };
  });
  return new Redis({
    ...OPTIONS,
    sentinels,
    name: name as string,
    password: password as string,
    sentinelPassword: new URL(url.replace(hosts, 'host')).searchParams.get('sentinelPassword') as string,
    sentinelRetryStrategy: () => 50,
  });
}

async function startCluster(): Promise<RedisServers> {
  const cluster = await RedisCluster.start(3, 1);
  const nodes = [...cluster.primaries, ...cluster.replicas];
  return {
    url: cluster.clusterUrl,
    port: undefined,
    holderOf: key => cluster.holderOf(key),
    async failOver(key) {
      const { killed } = await cluster.killHolderOf(key);
      await killed.restart();
      await untilReplica(killed);
    },
    async moveSlot(key) {
      const holder = await cluster.holderOf(key);
      const others = [];
      for (const node of nodes) if (node !== holder && (await isPrimary(node))) others.push(node);
      await cluster.moveSlot(key, others[0] as EmbeddedRedis);
    },
    connect() {
      const client = new Cluster(
        nodes.map(({ port }) => ({ host: '127.0.0.1', port })),
        {
          clusterRetryStrategy: () => 50,
          redisOptions: { password: new URL(cluster.url).password, maxRetriesPerRequest: null },
        },
      );
      client.on('error', () => undefined);
      return {
        redis: client as unknown as Redis,
        each: async act => await Promise.all(client.nodes('master').map(act)),
        disconnect: () => client.disconnect(),
      };
    },
    stop: () => cluster.stop(),
  };
}

function clientOf(redis: Redis): RedisClient {
  redis.on('error', () => undefined);
  return { redis, each: async act => [await act(redis)], disconnect: () => redis.disconnect() };
}

async function isPrimary({ url }: EmbeddedRedis): Promise<boolean> {
  return (await replicationOf(url)).includes('role:master');
}

/** A killed server comes back as a replica of the one that took its place, and must be in step before it can be needed. */
async function untilReplica({ url }: EmbeddedRedis): Promise<void> {
  for (let attempt = 0; attempt < 600; attempt++) {
    const info = await replicationOf(url).catch(() => '');
    if (info.includes('role:slave') && info.includes('master_link_status:up')) return;
    await new Promise(resolve => setTimeout(resolve, 50));
  }
  throw new Error('a killed node of the cluster did not become a replica');
}

async function replicationOf(url: string): Promise<string> {
  const redis = new Redis(url, { lazyConnect: true, retryStrategy: () => null });
  redis.on('error', () => undefined);
  try {
    await redis.connect();
    return await redis.info('replication');
  } finally {
    redis.disconnect();
  }
}
