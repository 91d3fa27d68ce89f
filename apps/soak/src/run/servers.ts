import { type EmbeddedPostgres, startPostgres } from '@walmq/embedded';
import { type Network, promote, slotSynced, startNetwork, startPair } from '@walmq/testing/standalone';
import { Client } from 'pg';
import type { Role, ServerName, Topology } from '../plan/round.js';
import { type RedisServers, startRedisServers } from './redis-servers.js';
import { mountSmallDisk, type SmallDisk } from './small-disk.js';

/** The servers of one topology, which rounds share, and the networks between them and the processes. */
export interface Servers {
  readonly topology: Topology;
  /** The server that takes writes. */
  readonly postgres: EmbeddedPostgres;
  readonly redis: RedisServers;
  /** True if the next round needs new servers. */
  readonly usedUp: boolean;
  /** The small file system of a server. Undefined if it has none, or if this process may not mount one. */
  disk(server: ServerName): SmallDisk | undefined;
  network(role: Role, server: ServerName): Network;
  networks(): Iterable<Network>;
  /** URL of the superuser on the server itself. */
  databaseUrl(database: string): string;
  /** URL of Redis for processes of a role, through that role's network where there is one. */
  redisUrl(role?: Role): string;
  /** Waits until the standby keeps the slot, kills the primary and promotes the standby. */
  failOverPostgres(slot: string): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Only processes are killed, never the machine: what PostgreSQL has written to files outlives it without fsync. Connections that
 * nobody answers are given up quickly, because a round is short.
 */
const POSTGRES = {
  fsync: 'off',
  wal_sender_timeout: '5s',
  tcp_keepalives_idle: 2,
  max_connections: 200,
  max_wal_size: '256MB',
};
const ROLES: readonly Role[] = ['capture', 'worker'];

export async function startServers(topology: Topology): Promise<Servers> {
  const disks = topology.disk === 'small' ? await mountDisks() : undefined;
  const [database, redis] = await Promise.all([
    topology.postgres === 'single' ? startAlone(disks?.postgres.path) : startWithStandby(),
    startRedisServers(topology.redis, disks?.redis.path),
  ]);
  const networks = new Map<string, Network>();
  for (const role of ROLES) {
    networks.set(`${role} postgres`, await startNetwork(database.current().port));
    // Clients of sentinels and of clusters connect to the addresses that these name.
    if (redis.port !== undefined) networks.set(`${role} redis`, await startNetwork(redis.port));
  }
  return {
    topology,
    redis,
    disk: server => disks?.[server],
    get postgres() {
      return database.current();
    },
    get usedUp() {
      return database.usedUp();
    },
    networks: () => networks.values(),
    network: (role, server) => networks.get(`${role} ${server}`) as Network,
    databaseUrl: name => Object.assign(new URL(database.current().url), { pathname: `/${name}` }).href,
    redisUrl(role) {
      const network = networks.get(`${role} redis`);
      return network ? network.url(redis.url) : redis.url;
    },
    async failOverPostgres(slot) {
      await database.failOver(slot);
      for (const role of ROLES) networks.get(`${role} postgres`)?.redirect(database.current().port);
    },
    async stop() {
      await Promise.all([...networks.values()].map(network => network[Symbol.asyncDispose]()));
      await Promise.all([database.stop(), redis.stop()]);
      await Promise.all(Object.values(disks ?? {}).map(disk => disk.remove()));
    },
  };
}

/** Large enough for the files of a new server and of a round. */
const DISK_MIB = { postgres: 500, redis: 100 };

async function mountDisks(): Promise<Record<ServerName, SmallDisk> | undefined> {
  const postgres = await mountSmallDisk(DISK_MIB.postgres);
  const redis = postgres && (await mountSmallDisk(DISK_MIB.redis));
  return redis && { postgres, redis };
}

interface DatabaseServers {
  current(): EmbeddedPostgres;
  usedUp(): boolean;
  failOver(slot: string): Promise<void>;
  stop(): Promise<void>;
}

async function startAlone(keep: string | undefined): Promise<DatabaseServers> {
  const postgres = await startPostgres({ settings: POSTGRES, ...(keep === undefined ? {} : { keep }) });
  return {
    current: () => postgres,
    usedUp: () => false,
    failOver: () => Promise.reject(new Error('a single server has no standby')),
    stop: () => postgres.stop(),
  };
}

/**
 * Commits wait for the standby, and so does the stream: what a client or capture has seen is on the standby too. Otherwise a
 * failover would lose effects whose jobs are completed, which no queue can prevent.
 */
async function startWithStandby(): Promise<DatabaseServers> {
  const pair = await startPair({ syncSlots: true, waitForStandby: true, settings: POSTGRES });
  await withClient(pair.primary.url, async client => {
    await client.query("ALTER SYSTEM SET synchronous_standby_names = 'walreceiver'");
    await client.query('SELECT pg_reload_conf()');
  });
  let promoted = false;
  return {
    current: () => (promoted ? pair.standby : pair.primary),
    // A standby that replays DROP DATABASE ends if it synchronises a slot of that database just then.
    usedUp: () => true,
    async failOver(slot) {
      // The second failover of a round has nothing to fail over to.
      if (promoted) return;
      await slotSynced(pair, slot);
      await pair.primary.kill('SIGKILL');
      await promote(pair.standbyUrl);
      promoted = true;
    },
    stop: () => pair[Symbol.asyncDispose](),
  };
}

/** A commit that waits for a standby that has ended would wait for ever. */
const LIMIT_MS = 60_000;

/** Runs statements on a connection of its own. */
export async function withClient<T>(url: string, act: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({
    connectionString: url,
    connectionTimeoutMillis: 5000,
    query_timeout: LIMIT_MS,
  });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await act(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}
