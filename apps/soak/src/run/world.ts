import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { publishedTables, type WalmqConfig } from '@walmq/config';
import { setUp } from '@walmq/setup';
import type { Watchdog } from '@walmq/supervise';
import { workerSchemaSql } from '@walmq/worker';
import { SCHEMA } from '../load/schema.js';
import type { Role, Round } from '../plan/round.js';
import { configOf, resolved } from './config.js';
import { Connection } from './connection.js';
import { Fleet } from './fleet.js';
import type { RedisClient } from './redis-servers.js';
import { type Servers, withClient } from './servers.js';

/** What a round has for itself: a database, a slot and a prefix of one name, a folder, processes. */
export interface World {
  readonly round: Round;
  readonly name: string;
  readonly folder: string;
  readonly servers: Servers;
  readonly config: WalmqConfig;
  readonly fleet: Fleet;
  /** The soak's own connections. */
  readonly client: RedisClient;
  readonly database: Connection;
  /** URL of the round's database on the server itself. */
  databaseUrl(): string;
  /** The environment of a program of the given role, whose connections pass through that role's networks. */
  environment(role: Role): Record<string, string>;
}

export interface WorldOptions {
  readonly round: Round;
  readonly servers: Servers;
  readonly folder: string;
  readonly watchdog: Watchdog;
}

/** Makes the database, the slot and the files of a round. No process runs yet. */
export async function makeWorld({ round, servers, folder, watchdog }: WorldOptions): Promise<World> {
  const name = `soak_${round.seed}`;
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const input = configOf(round, name);
  const config = resolved(input, folder);
  await writeFile(join(folder, 'walmq.config.mjs'), `export default ${JSON.stringify(input)};\n`);
  const databaseUrl = () => servers.databaseUrl(name);
  await makeDatabase(servers, name, config);
  return {
    round,
    name,
    folder,
    servers,
    config,
    client: servers.redis.connect(),
    database: new Connection(databaseUrl),
    fleet: new Fleet(folder, watchdog),
    databaseUrl,
    environment: role => ({
      DATABASE_URL: servers.network(role, 'postgres').url(databaseUrl()),
      REDIS_URL: servers.redisUrl(role),
      WALMQ_CONFIG: join(folder, 'walmq.config.mjs'),
    }),
  };
}

async function makeDatabase(servers: Servers, name: string, config: WalmqConfig): Promise<void> {
  await dropDatabase(servers, name);
  await withClient(servers.databaseUrl('postgres'), client => client.query(`CREATE DATABASE ${name}`));
  await withClient(servers.databaseUrl(name), async client => {
    await client.query(SCHEMA);
    await setUp(client, {
      ...config.source,
      tables: publishedTables(config),
      schemas: [{ what: 'the tables of the worker kit', sql: workerSchemaSql, captured: false }],
    });
  });
}

async function dropDatabase(servers: Servers, name: string): Promise<void> {
  await withClient(servers.databaseUrl('postgres'), async client => {
    await client.query(
      `SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = $1`,
      [name],
    );
    await client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  });
}

/** Removes everything of a round from the servers, so that they stay small. */
export async function removeWorld({ servers, name, client, database }: World): Promise<void> {
  database.end();
  try {
    if (!servers.usedUp) await dropDatabase(servers, name);
    await client.each(async redis => {
      await redis.flushall();
      // Otherwise each start of Redis would read the commands of all rounds.
      await redis.bgrewriteaof();
    });
  } finally {
    client.disconnect();
  }
}
