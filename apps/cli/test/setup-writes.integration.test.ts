import { type EmbeddedPostgres, type EmbeddedRedis, startPostgres, startRedis } from '@walmq/embedded';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { CliWorld } from './cli-fixture.js';

const ORDERS = 'CREATE TABLE orders (id int PRIMARY KEY, status text, n int);';
const PARTED = `CREATE TABLE orders (id int, status text, n int, PRIMARY KEY (id)) PARTITION BY RANGE (id);
  CREATE TABLE "part 1" PARTITION OF orders FOR VALUES FROM (0) TO (10);`;
const STORED = `CREATE TABLE orders (id int PRIMARY KEY, status text, n int, twice int GENERATED ALWAYS AS (n * 2) STORED);`;

interface Situation {
  readonly name: string;
  /** The first major in which it is one. */
  readonly since: number;
  readonly schema: string;
  /** Of set-up: what its warning or its error says; nothing: it may do all. */
  readonly says?: RegExp;
  readonly refused?: boolean;
  readonly queue?: { readonly orderBy?: string };
  /** What the application writes, if it is not `orders`. */
  readonly table?: string;
}

const KEEPS = /warning .*orders keeps REPLICA IDENTITY DEFAULT.* publication "other"/;

const SITUATIONS: readonly Situation[] = [
  {
    name: 'a column list in another publication',
    since: 15,
    schema: `${ORDERS} CREATE PUBLICATION other FOR TABLE orders (id, status)`,
    says: KEEPS,
  },
  {
    name: 'such a list, and a queue that needs old rows',
    since: 15,
    schema: `${ORDERS} CREATE PUBLICATION other FOR TABLE orders (id, status)`,
    queue: { orderBy: 'n' },
    says: /SETUP_WRITES_REFUSED: every UPDATE and DELETE on public.orders would fail: publication "other" has a column list/,
    refused: true,
  },
  {
    name: 'a column list in its own publication',
    since: 15,
    schema: `${ORDERS} CREATE PUBLICATION walmq FOR TABLE orders (id, status)`,
    says: /warning .*orders keeps REPLICA IDENTITY DEFAULT.* publication "walmq"/,
  },
  {
    name: 'a list in its own publication that sends inserts only, until set-up adds updates',
    since: 15,
    schema: `${ORDERS} CREATE PUBLICATION walmq FOR TABLE orders (status) WITH (publish = 'insert')`,
    says: /SETUP_WRITES_REFUSED: .* publication "walmq" has a column list/,
    refused: true,
  },
  {
    name: 'another table in its own publication without a replica identity, until set-up adds updates',
    since: 14,
    schema: `${ORDERS} CREATE TABLE logs (id int, status text, n int);
      CREATE PUBLICATION walmq FOR TABLE logs, orders WITH (publish = 'insert')`,
    says: /SETUP_WRITES_REFUSED: .*public.logs would fail: publication "walmq" sends them, and the table has no replica identity/,
    refused: true,
    table: 'logs',
  },
  {
    name: 'a column list on the root, via which its partition is published',
    since: 15,
    schema: `${PARTED} CREATE PUBLICATION other FOR TABLE orders (id, status) WITH (publish_via_partition_root)`,
    says: KEEPS,
  },
  {
    name: 'a column list on a partition alone',
    since: 15,
    schema: `${PARTED} CREATE PUBLICATION other FOR TABLE "part 1" (id, status)`,
    says: KEEPS,
  },
  {
    name: 'a column list that is not used, as the root is published',
    since: 15,
    schema: `${PARTED} CREATE PUBLICATION other FOR TABLE orders, "part 1" (id) WITH (publish_via_partition_root)`,
  },
  {
    name: 'a row filter on columns beside the key, which needs FULL',
    since: 15,
    schema: `${ORDERS} ALTER TABLE orders REPLICA IDENTITY FULL; CREATE PUBLICATION other FOR TABLE orders WHERE (n > 0)`,
  },
  {
    name: 'a row filter that fails already, which FULL mends',
    since: 15,
    schema: `${ORDERS} CREATE PUBLICATION other FOR TABLE orders WHERE (n > 0)`,
  },
  {
    name: 'FOR ALL TABLES',
    since: 14,
    schema: `${ORDERS} CREATE PUBLICATION other FOR ALL TABLES`,
  },
  {
    name: 'a stored generated column that FOR ALL TABLES does not send',
    since: 18,
    schema: `${STORED} CREATE PUBLICATION other FOR ALL TABLES`,
    says: KEEPS,
  },
  {
    name: 'a stored generated column that TABLES IN SCHEMA does not send',
    since: 18,
    schema: `${STORED} CREATE PUBLICATION other FOR TABLES IN SCHEMA public`,
    says: KEEPS,
  },
  {
    name: 'a stored generated column that nobody else publishes',
    since: 14,
    schema: `${STORED}`,
  },
  {
    name: 'a virtual generated column, and a row filter that needs the FULL that set-up would take away',
    since: 18,
    schema: `CREATE TABLE orders (id int PRIMARY KEY, status text, n int, twice int GENERATED ALWAYS AS (n * 2) VIRTUAL);
      CREATE PUBLICATION other FOR TABLE orders WHERE (n > 0) WITH (publish = 'insert')`,
    says: /warning .*VIRTUAL/,
  },
  {
    name: 'no replica identity in a table of its own publication',
    since: 14,
    schema: `CREATE TABLE orders (id int, status text, n int)`,
  },
  {
    name: 'an unlogged partition',
    since: 14,
    schema: `${PARTED} ALTER TABLE "part 1" SET UNLOGGED`,
    says: /TABLE_UNLOGGED: .*unlogged partition of public.orders: public."part 1".*ALTER TABLE "public"."part 1" SET LOGGED;/,
    refused: true,
  },
  {
    name: 'an unlogged child',
    since: 14,
    schema: `${ORDERS} CREATE UNLOGGED TABLE heirs (PRIMARY KEY (id)) INHERITS (orders)`,
    says: /TABLE_UNLOGGED: .*unlogged child of public.orders: public.heirs/,
    refused: true,
  },
  {
    name: 'a foreign partition',
    since: 14,
    schema: `CREATE TABLE orders (id int, status text, n int) PARTITION BY RANGE (id);
      CREATE FOREIGN DATA WRAPPER nothing; CREATE SERVER nowhere FOREIGN DATA WRAPPER nothing;
      CREATE TABLE near PARTITION OF orders FOR VALUES FROM (0) TO (10);
      CREATE FOREIGN TABLE far PARTITION OF orders FOR VALUES FROM (10) TO (20) SERVER nowhere`,
    says: /SETUP_TABLE_FOREIGN: .*foreign partition of public.orders .*public.far/,
    refused: true,
    table: 'near',
  },
];

describe("the application's writes after set-up", () => {
  let postgres: EmbeddedPostgres;
  let redis: EmbeddedRedis;
  let major: number;
  beforeAll(async () => {
    [postgres, redis] = await Promise.all([
      startPostgres({ settings: { max_replication_slots: 40 } }),
      startRedis(),
    ]);
    const client = new Client(postgres.url);
    await client.connect();
    major = Number(
      (await client.query<{ server_version: string }>('SHOW server_version')).rows[0]?.server_version.split(
        '.',
      )[0],
    );
    await client.end();
  });
  afterAll(async () => {
    await Promise.all([postgres.stop(), redis.stop()]);
  });

  it.each(SITUATIONS.map((situation, at) => [situation.name, situation, at] as const))(
    'work with %s',
    async (_name, { since, schema, says, refused = false, queue = {}, table = 'orders' }, at) => {
      if (major < since) return;
      const servers = { postgres, redis };
      const queues = { orders: { table: 'orders', ...queue } };
      const world = await CliWorld.create(servers, `writes_${at}`, { schema, queues });
      onTestFinished(() => world[Symbol.asyncDispose]());
      const { code, lines, errors } = await world.run('setup');
      expect({ code, errors: refused ? [] : errors }).toEqual({ code: refused ? 1 : 0, errors: [] });
      if (says) expect([...lines, ...errors].join('\n')).toMatch(says);
      else expect(lines.join('\n')).not.toMatch(/^warning.*keeps/m);
      // Whoever writes, not only the owner.
      await world.client.query(`INSERT INTO ${table} (id, status, n) VALUES (1, 'new', 1)`);
      expect((await world.client.query(`UPDATE ${table} SET status = 'paid'`)).rowCount).toBe(1);
      expect((await world.client.query(`DELETE FROM ${table}`)).rowCount).toBe(1);
      if (refused) return;
      const { checks } = await world.doctor();
      expect(checks.find(({ check }) => check === 'writes')).toMatchObject({ status: 'ok' });
      const remedies = checks
        .filter(({ check }) => check === 'replica-identity')
        .map(({ remedy = '' }) => remedy);
      if (says === KEEPS) expect(remedies.join('\n')).not.toContain('REPLICA IDENTITY FULL');
      expect((await world.run('setup')).lines.filter(line => line.startsWith('done'))).toEqual([]);
    },
  );

  it('are in doctor where they fail already, with the publication that makes them', async () => {
    const servers = { postgres, redis };
    const schema = `${ORDERS} ALTER TABLE orders REPLICA IDENTITY FULL;
      ${major >= 15 ? 'CREATE PUBLICATION other FOR TABLE orders (id)' : 'ALTER TABLE orders REPLICA IDENTITY NOTHING; CREATE PUBLICATION other FOR TABLE orders'}`;
    const world = await CliWorld.create(servers, 'writes_failing', {
      schema,
      queues: { orders: { table: 'orders' } },
    });
    onTestFinished(() => world[Symbol.asyncDispose]());
    await expect(world.client.query("UPDATE orders SET status = ''")).rejects.toThrow(/cannot update table/);
    const { checks } = await world.doctor();
    expect(checks.filter(({ check }) => check === 'writes')).toEqual([
      expect.objectContaining({
        status: 'error',
        found: expect.stringMatching(
          /^every UPDATE and DELETE on public.orders fails: publication "other" /,
        ) as string,
      }),
    ]);
  });
});
