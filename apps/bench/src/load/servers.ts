import { type EmbeddedPostgres, type EmbeddedRedis, startPostgres, startRedis } from '@walmq/embedded';
import { Client } from 'pg';
import type { Durability } from '../cases/plan.js';
import { createTables } from './database.js';

export interface Database {
  readonly url: string;
  readonly client: Client;
}

/** Enough slots for one slot per run, and no checkpoint or autovacuum during a run. */
const POSTGRES_SETTINGS = {
  max_replication_slots: 512,
  shared_buffers: '256MB',
  max_wal_size: '16GB',
  checkpoint_timeout: '1h',
  autovacuum: 'off',
};

const REDIS_SETTINGS = {
  fsync: { appendonly: 'yes', appendfsync: 'always', 'auto-aof-rewrite-percentage': 0 },
  memory: { appendonly: 'no' },
} satisfies Record<Durability, Record<string, string | number>>;

/** Runs `act` on a PostgreSQL server that the benchmark starts, with the benchmark's tables. */
export async function withDatabase<T>(act: (database: Database) => Promise<T>): Promise<T> {
  const postgres: EmbeddedPostgres = await startPostgres({ settings: POSTGRES_SETTINGS });
  const client = new Client(postgres.url);
  try {
    await client.connect();
    await createTables(client);
    return await act({ url: postgres.url, client });
  } finally {
    await client.end();
    await postgres.stop();
  }
}

/** Runs `act` on a new, empty Redis server. */
export async function withRedis<T>(durability: Durability, act: (url: string) => Promise<T>): Promise<T> {
  const redis: EmbeddedRedis = await startRedis({ settings: REDIS_SETTINGS[durability] });
  try {
    return await act(redis.url);
  } finally {
    await redis.stop();
  }
}
