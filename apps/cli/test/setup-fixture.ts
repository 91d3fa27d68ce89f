import { type Servers, startServers, stopServers } from '@walmq/testing';
import { Client } from 'pg';
import { afterAll, beforeAll, onTestFinished } from 'vitest';
import { CliWorld } from './cli-fixture.js';

export const SHOP = `CREATE TABLE orders (id int PRIMARY KEY, status text);
  CREATE TABLE items (id int PRIMARY KEY, order_id int);`;
export const QUEUES = {
  orders: { table: 'orders' },
  reservations: { tables: { orders: { orderBy: 'id' }, items: { orderBy: 'order_id' } } },
};

type Input = Parameters<typeof CliWorld.create>[2];

/** Starts servers for the tests of a file; the function returned makes a world on them that lasts as long as its test. */
export function worldsForSetup(): (name: string, input?: Partial<Input>) => Promise<CliWorld> {
  let servers: Servers;
  beforeAll(async () => {
    servers = await startServers({ postgres: { max_prepared_transactions: 2 } });
  });
  afterAll(() => stopServers(servers));
  return async (name, input = {}) => {
    const made = await CliWorld.create(servers, name, { schema: SHOP, queues: QUEUES, ...input });
    onTestFinished(() => made[Symbol.asyncDispose]());
    return made;
  };
}

/** A second connection to the world's database, which the test ends. */
export async function connect({ env }: CliWorld): Promise<Client> {
  const client = new Client(env.DATABASE_URL);
  client.on('error', () => undefined);
  await client.connect();
  onTestFinished(() => client.end());
  return client;
}

/** Everything that setup may have made, without what differs between two databases. */
export async function stateOf({ client, name }: CliWorld): Promise<unknown> {
  const query = async (sql: string) => (await client.query(sql)).rows;
  return {
    columns: await query(
      `SELECT table_schema, table_name, column_name, data_type FROM information_schema.columns
        WHERE table_schema IN ('walmq', 'public', 'shop') ORDER BY 1, 2, ordinal_position`,
    ),
    indexes: await query(
      `SELECT schemaname, indexname FROM pg_indexes WHERE schemaname IN ('walmq', 'public', 'shop') ORDER BY 1, 2`,
    ),
    identities: await query(
      `SELECT oid::regclass::text AS name, relreplident FROM pg_class
        WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace ORDER BY 1`,
    ),
    publications: await query(
      'SELECT pubname, puballtables, pubinsert, pubtruncate, pubviaroot FROM pg_publication',
    ),
    published: await query('SELECT schemaname, tablename FROM pg_publication_tables ORDER BY 1, 2'),
    slots: await query(
      `SELECT plugin, to_jsonb(s) ->> 'failover' AS failover FROM pg_replication_slots s WHERE slot_name = '${name}'`,
    ),
  };
}
