import { type EmbeddedPostgres, type EmbeddedRedis, startPostgres, startRedis } from '@walmq/embedded';
import { workerSchemaSql } from '@walmq/worker';
import { Client } from 'pg';
import type { DatabaseKind } from '../cases/contenders.js';
import type { Durability } from '../cases/plan.js';
import { EFFECTS_TABLE } from '../consumers/effect-sql.js';
import { prepareTrigger } from '../peers/triggers.js';
import { createTables } from './database.js';

export interface Database {
  readonly kind: DatabaseKind;
  readonly url: string;
  readonly client: Client;
  readonly server: EmbeddedPostgres;
}

/** Enough slots for one slot per run, and no checkpoint or autovacuum during a run. */
const POSTGRES_SETTINGS = {
  max_replication_slots: 512,
  max_connections: 300,
  shared_buffers: '256MB',
  max_wal_size: '16GB',
  checkpoint_timeout: '1h',
  autovacuum: 'off',
  track_commit_timestamp: 'on',
};

const REDIS_SETTINGS = {
  fsync: { appendonly: 'yes', appendfsync: 'always', 'auto-aof-rewrite-percentage': 0 },
  memory: { appendonly: 'no' },
} satisfies Record<Durability, Record<string, string | number>>;

/** docs/guides/throughput.md, 1. */
const REDIS_FOR_THROUGHPUT = { 'hash-max-listpack-value': 8192, 'latency-tracking': 'no' };

/** The PostgreSQL servers of the benchmark, each started when it is first needed: one for each way to feed a contender. */
export class Databases {
  readonly #started = new Map<DatabaseKind, Promise<Database>>();

  /** Runs `act`, then stops all servers. */
  static async with<T>(act: (databases: Databases) => Promise<T>): Promise<T> {
    const databases = new Databases();
    try {
      return await act(databases);
    } finally {
      await Promise.all([...databases.#started.values()].map(async each => await stop(await each)));
    }
  }

  of(kind: DatabaseKind): Promise<Database> {
    const started = this.#started.get(kind) ?? start(kind);
    this.#started.set(kind, started);
    return started;
  }
}

/** Runs `act` on a PostgreSQL server of its own, which `act` may kill. */
export async function withDatabase<T>(act: (database: Database) => Promise<T>): Promise<T> {
  const database = await start('plain');
  try {
    return await act(database);
  } finally {
    await stop(database);
  }
}

async function start(kind: DatabaseKind): Promise<Database> {
  const server = await startPostgres({ settings: POSTGRES_SETTINGS });
  const client = new Client(server.url);
  // A server that is killed ends its connections. The next query rejects.
  client.on('error', () => {});
  try {
    await client.connect();
    await createTables(client);
    await client.query(EFFECTS_TABLE);
    await client.query(workerSchemaSql);
    if (kind !== 'plain') await prepareTrigger(kind, client, server.url);
    return { kind, url: server.url, client, server };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

async function stop({ client, server }: Database): Promise<void> {
  await client.end().catch(() => {});
  await server.stop();
}

/** Runs `act` on a new, empty Redis server. */
export async function withRedis<T>(
  { durability, isForThroughput = false }: { durability: Durability; isForThroughput?: boolean | undefined },
  act: (redis: EmbeddedRedis) => Promise<T>,
): Promise<T> {
  const settings = { ...REDIS_SETTINGS[durability], ...(isForThroughput ? REDIS_FOR_THROUGHPUT : {}) };
  const redis = await startRedis({ settings });
  try {
    return await act(redis);
  } finally {
    await redis.stop();
  }
}
