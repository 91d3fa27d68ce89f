import { createServer } from 'node:net';
import {
  type EmbeddedPostgres,
  type EmbeddedRedis,
  embeddedPostgresMajor,
  startPostgres,
  startRedis,
} from '@walmq/embedded';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { CHECKS, type Check, type CheckName, type Status } from '../src/doctor/check.js';
import { CliWorld, walmq } from './cli-fixture.js';

let postgres: EmbeddedPostgres;
let redis: EmbeddedRedis;

beforeAll(async () => {
  [postgres, redis] = await Promise.all([
    startPostgres({ settings: { max_slot_wal_keep_size: '1GB' } }),
    startRedis(),
  ]);
});

afterAll(async () => {
  await Promise.all([postgres.stop(), redis.stop()]);
});

const SHOP = `CREATE TABLE orders (id int PRIMARY KEY, status text);
  CREATE TABLE items (id int PRIMARY KEY, order_id int);`;
const QUEUES = {
  orders: { table: 'orders' },
  reservations: { tables: { orders: { orderBy: 'id' }, items: { orderBy: 'order_id' } } },
};

type Input = Parameters<typeof CliWorld.create>[2];

/** A world that setup has prepared. */
async function world(
  name: string,
  input: Partial<Input> = {},
  servers = { postgres, redis },
): Promise<CliWorld> {
  const made = await CliWorld.create(servers, name, { schema: SHOP, queues: QUEUES, ...input });
  onTestFinished(() => made[Symbol.asyncDispose]());
  expect(await made.run('setup')).toMatchObject({ code: 0 });
  return made;
}

function named(checks: readonly Check[], check: CheckName): Check[] {
  return checks.filter(one => one.check === check);
}

function troubles(checks: readonly Check[], status: Status): string[] {
  return checks.filter(one => one.status === status).map(({ check }) => check);
}

/** Doctor's findings by name, of which those with errors must be exactly `errors`. */
async function errorsOf(shop: CliWorld, ...errors: CheckName[]): Promise<(check: CheckName) => Check[]> {
  const { code, checks } = await shop.doctor();
  expect(troubles(checks, 'error')).toEqual(errors);
  expect(code).toBe(errors.length > 0 ? 1 : 0);
  return check => named(checks, check);
}

describe('walmq doctor', () => {
  it('finds a prepared system well, but for the capture that does not run yet', async () => {
    const shop = await world('well');
    const keys = await shop.redis.keys('*');
    const { code, checks } = await shop.doctor();
    expect(code).toBe(0);
    expect(checks.filter(({ status }) => status !== 'ok')).toEqual([
      expect.objectContaining({ check: 'slot-reader', status: 'warning' }),
    ]);
    const seen = new Set(checks.map(({ check }) => check));
    const elsewhere = ['published-partitions', 'redis-sentinels'];
    expect([...seen]).toEqual(CHECKS.filter(check => !elsewhere.includes(check)));
    expect(named(checks, 'postgres')[0]?.found).toMatch(
      /^PostgreSQL \d+\.\d+, database "well" as role "postgres"$/,
    );
    expect(named(checks, 'queues').map(({ found }) => found)).toEqual([
      'queue "orders": 0 waiting, 0 active, 0 delayed, 0 parked, 0 failed',
      'queue "reservations": 0 waiting, 0 active, 0 delayed, 0 parked, 0 failed',
    ]);
    expect(await shop.redis.keys('*')).toEqual(keys);
  });

  it('prints one line per check, and a second one with what mends it', async () => {
    const shop = await world('lines');
    await shop.client.query('DROP PUBLICATION walmq');
    const { code, lines } = await shop.run('doctor');
    expect(code).toBe(1);
    expect(lines).toContain('ok       wal-level               wal_level is logical');
    const line = lines.findIndex(text => text.startsWith('error'));
    expect(lines.slice(line, line + 2)).toEqual([
      'error    publication             there is no publication "walmq"',
      '         -> Run "npx walmq setup".',
    ]);
    expect(lines.every(text => /^(ok {7}|warning {2}|error {4}| {9}-> )\S/.test(text))).toBe(true);
  });

  it('tells a database that was never set up', async () => {
    const servers = { postgres, redis };
    const shop = await CliWorld.create(servers, 'bare', { schema: SHOP, queues: QUEUES });
    onTestFinished(() => shop[Symbol.asyncDispose]());
    await errorsOf(shop, 'own-tables', 'replica-identity', 'publication', 'slot');
  });

  it('names the option of set-up that makes what an optional part wants', async () => {
    const servers = { postgres, redis };
    const parts = { 'change-log': { table: 'orders' }, audit: { table: 'orders' } };
    const shop = await CliWorld.create(servers, 'parts', {
      schema: SHOP,
      queues: { ...QUEUES, ...parts, payments: { outbox: 'outbox' } },
    });
    onTestFinished(() => shop[Symbol.asyncDispose]());
    const before = named((await shop.doctor()).checks, 'tables');
    expect(before).toMatchObject([{ status: 'error', remedy: expect.stringContaining('setup --outbox') }]);
    expect((await shop.run('setup', '--outbox')).code).toBe(0);
    const warned = await errorsOf(shop);
    expect(warned('own-tables').map(({ status, remedy }) => [status, remedy])).toEqual([
      ['ok', undefined],
      ['warning', expect.stringContaining('setup --audit"')],
      ['warning', expect.stringContaining('setup --change-log"')],
    ]);
    expect((await shop.run('setup', '--outbox', '--audit', '--change-log')).code).toBe(0);
    expect((await errorsOf(shop))('own-tables')).toHaveLength(1);
  });

  describe('finds in the publication and its tables', () => {
    it('a table that is missing', async () => {
      const shop = await world('unpublished');
      await shop.client.query('ALTER PUBLICATION walmq DROP TABLE items');
      const found = await errorsOf(shop, 'published-tables');
      expect(found('published-tables')[0]?.found).toContain('public.items');
    });

    it('columns that order a queue, of which PostgreSQL takes several texts for one value', async () => {
      const shop = await world('loosely_equal', {
        schema: `CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
          CREATE EXTENSION citext; CREATE DOMAIN spans AS numrange[];
          CREATE TABLE orders (id text COLLATE loose PRIMARY KEY, span spans, note text COLLATE loose);
          CREATE TABLE items (id citext PRIMARY KEY, span numrange)`,
        queues: {
          orders: { table: 'orders' },
          spans: { table: 'orders', orderBy: 'span' },
          items: { table: 'items' },
        },
      });
      const found = (await errorsOf(shop))('order-equality');
      expect(found.map(({ status, found }) => [status, found.split(':')[0]])).toEqual([
        [
          'warning',
          'public.orders.id has the nondeterministic collation "loose", so that texts that differ may be equal',
        ],
        ['warning', 'public.orders.span orders a queue by the text of its spans'],
      ]);
    });

    it('an operation that is missing', async () => {
      const shop = await world('unpublished_op');
      await shop.client.query("ALTER PUBLICATION walmq SET (publish = 'insert, update, truncate')");
      const found = await errorsOf(shop, 'published-operations');
      expect(found('published-operations')[0]?.found).toContain('delete');
    });

    it('REPLICA IDENTITY DEFAULT: a warning, and an error where it leaves out what a queue is ordered by', async () => {
      const shop = await world('identity');
      await shop.client.query('ALTER TABLE orders REPLICA IDENTITY DEFAULT');
      const warned = await errorsOf(shop);
      expect(warned('replica-identity')).toEqual([
        expect.objectContaining({ status: 'warning', found: expect.stringContaining('public.orders') }),
      ]);
      await shop.client.query('ALTER TABLE items REPLICA IDENTITY DEFAULT');
      const found = await errorsOf(shop, 'replica-identity');
      expect(found('replica-identity')[0]?.found).toMatch(/order_id, which orders queue "reservations"/);
    });

    it('a partition that came after setup, and partitions under their own names', async () => {
      const shop = await world('partitions', {
        schema: 'CREATE TABLE orders (id int PRIMARY KEY) PARTITION BY RANGE (id)',
        queues: { orders: { table: 'orders' } },
      });
      await shop.client.query('CREATE TABLE orders_1 PARTITION OF orders FOR VALUES FROM (0) TO (10)');
      const found = await errorsOf(shop, 'replica-identity');
      expect(found('replica-identity')[0]?.found).toContain('public.orders_1');
      expect(found('published-partitions')).toMatchObject([
        { status: 'ok' },
        { status: 'warning', remedy: expect.stringContaining('npx walmq backfill') },
      ]);
      await shop.run('setup');
      await shop.client.query('ALTER PUBLICATION walmq SET (publish_via_partition_root = false)');
      await errorsOf(shop, 'published-partitions');
    });

    it('a table that came to inherit after setup, and a key that is checked late; setup takes care of the first', async () => {
      const shop = await world('children', {
        schema: `CREATE TABLE readings (id int, at int);
                 CREATE TABLE readings_1 (PRIMARY KEY (id)) INHERITS (readings);
                 CREATE TABLE seats (place int PRIMARY KEY DEFERRABLE, name text)`,
        queues: { readings: { table: 'readings' }, seats: { table: 'seats' } },
      });
      const warned = await errorsOf(shop);
      expect(warned('primary-key')).toMatchObject([
        { found: expect.stringContaining('public.readings has none') },
        { status: 'warning', found: expect.stringContaining('public.seats has a DEFERRABLE primary key') },
      ]);
      await shop.client.query('CREATE TABLE readings_2 () INHERITS (readings)');
      const found = await errorsOf(shop, 'replica-identity', 'published-tables');
      expect(found('replica-identity')[0]?.found).toContain('1 of 2 children of public.readings');
      expect(found('published-tables')[0]?.found).toContain('does not hold public.readings_2');
      const { lines } = await shop.run('setup');
      expect(lines).toContain('done     add public.readings_2 to publication "walmq"');
      expect(lines).toContainEqual(expect.stringMatching(/^warning {2}public\.seats has a DEFERRABLE/));
      await errorsOf(shop);
    });

    it.runIf(embeddedPostgresMajor() >= 15)(
      'a row filter, a table without a key, a table that is gone, a column that is gone',
      async () => {
        const shop = await world('tables', {
          schema: `${SHOP} CREATE TABLE log (line text)`,
          queues: { ...QUEUES, log: { table: 'log' } },
        });
        await shop.client.query(
          'ALTER PUBLICATION walmq DROP TABLE orders; ALTER PUBLICATION walmq ADD TABLE orders WHERE (id > 5)',
        );
        const warned = await errorsOf(shop);
        expect(warned('primary-key')[0]?.found).toContain('public.log');
        expect(warned('published-tables')[1]).toMatchObject({
          status: 'warning',
          found: expect.stringContaining('public.orders'),
        });
        await shop.client.query('DROP TABLE log; ALTER TABLE items RENAME order_id TO "order"');
        const found = await errorsOf(shop, 'tables', 'order-column', 'published-tables');
        expect(found('tables')[0]?.found).toContain('public.log');
        expect(found('order-column')[0]?.found).toContain('public.items.order_id');
      },
    );
  });

  it('finds a slot that is missing, and one of another database', async () => {
    const shop = await world('slots');
    await shop.client.query("SELECT pg_drop_replication_slot('slots')");
    await errorsOf(shop, 'slot');
    const other = await world('slots_other');
    await other.client.query("SELECT pg_create_logical_replication_slot('slots', 'pgoutput')");
    const found = await errorsOf(shop, 'slot');
    expect(found('slot')[0]?.found).toContain('"slots_other"');
    expect(await other.doctor()).toMatchObject({
      code: 0,
      checks: expect.arrayContaining([
        expect.objectContaining({
          check: 'other-slots',
          status: 'warning',
          remedy: expect.stringContaining("('slots')"),
        }),
      ]),
    });
  });

  it('finds a role without REPLICATION and without grants', async () => {
    const shop = await world('roles');
    await shop.client.query("CREATE ROLE limited LOGIN PASSWORD 'limited'");
    const { code, checks } = await shop.doctor(shop.as('limited', 'limited'));
    expect(code).toBe(1);
    // It may not read walmq.capture, so the checkpoint cannot be told either.
    expect(troubles(checks, 'error')).toEqual(['replication-role', 'grants', 'checkpoint']);
    expect(named(checks, 'replication-role')[0]?.remedy).toContain('ALTER ROLE "limited" REPLICATION;');
    await shop.client.query(`ALTER ROLE limited REPLICATION; ${named(checks, 'grants')[0]?.remedy}`);
    expect(await shop.doctor(shop.as('limited', 'limited'))).toMatchObject({ code: 0 });
  });

  it('finds another pipeline on the same prefix', async () => {
    const shop = await world('sharing');
    const key = 'sharing:walmq:checkpoint:7000000000000000000:other:walmq';
    await shop.redis.hset(key, 'position', '0');
    const { checks } = await shop.doctor();
    expect(named(checks, 'sources')[0]).toMatchObject({
      status: 'warning',
      found: expect.stringContaining(key),
    });
    await shop.redis.del(key);
    expect(named((await shop.doctor()).checks, 'sources')[0]?.status).toBe('ok');
  });

  it('finds that Redis lost what was acknowledged', async () => {
    const shop = await world('lost_changes');
    await shop.client.query(
      `INSERT INTO walmq.capture (slot, first_lsn)
         SELECT slot_name, confirmed_flush_lsn FROM pg_replication_slots WHERE slot_name = 'lost_changes'`,
    );
    await errorsOf(shop);
    await shop.client.query(
      "INSERT INTO orders VALUES (1); SELECT pg_replication_slot_advance('lost_changes', pg_current_wal_lsn())",
    );
    const found = await errorsOf(shop, 'checkpoint');
    expect(found('checkpoint')[0]).toMatchObject({
      found: expect.stringMatching(/^Redis lost acknowledged changes/),
      remedy: expect.stringContaining('walmq accept-loss'),
    });
    expect(await shop.run('accept-loss', '--yes')).toMatchObject({ code: 0 });
    const mended = await errorsOf(shop);
    expect(mended('checkpoint')[0]?.found).toMatch(/^enqueued up to /);
  });

  it('counts the jobs of a queue, and finds failed ones and a limit that is reached', async () => {
    const shop = await world('queues', { capture: { maxQueueDepth: 3 } });
    await shop.redis.zadd('queues:orders:failed', 1, 'a');
    await shop.redis.zadd('queues:orders:waiting-children', 1, 'b', 2, 'c');
    const warned = await errorsOf(shop);
    expect(warned('queues')[0]).toMatchObject({
      status: 'warning',
      found: expect.stringContaining('0 delayed, 2 parked, 1 failed'),
    });
    await shop.redis.lpush('queues:orders:wait', 'd');
    await errorsOf(shop, 'queues');
  });

  describe('on servers that are not as they must be', () => {
    it('finds wal_level = replica, no limit of retained WAL, and no room for slots and senders', async () => {
      const server = await startPostgres({
        settings: {
          wal_level: 'replica',
          max_replication_slots: 0,
          max_wal_senders: 0,
          wal_sender_timeout: 0,
        },
      });
      onTestFinished(server.stop);
      const servers = { postgres: server, redis };
      const shop = await CliWorld.create(servers, 'replica_level', { schema: SHOP, queues: QUEUES });
      onTestFinished(() => shop[Symbol.asyncDispose]());
      const { checks } = await shop.doctor();
      for (const check of ['wal-level', 'replication-slots', 'wal-senders'] as const)
        expect(named(checks, check)).toEqual([expect.objectContaining({ status: 'error' })]);
      for (const check of ['slot-wal-limit', 'wal-sender-timeout', 'replication-role'] as const)
        expect(named(checks, check)).toEqual([expect.objectContaining({ status: 'warning' })]);
      expect(named(checks, 'wal-level')[0]?.remedy).toContain('ALTER SYSTEM SET wal_level = logical;');
      const { code, errors } = await shop.run('setup');
      expect(code).toBe(1);
      expect(errors[0]).toMatch(/^SETUP_WAL_LEVEL: /);
    });

    it('finds a slot whose WAL has been removed', async () => {
      const server = await startPostgres({
        settings: { max_slot_wal_keep_size: '16MB', min_wal_size: '32MB', max_wal_size: '32MB' },
      });
      onTestFinished(server.stop);
      const shop = await world('lost', {}, { postgres: server, redis });
      for (let segment = 0; segment < 4; segment++) {
        await shop.client.query('CREATE TABLE IF NOT EXISTS filler (line text); SELECT pg_switch_wal()');
        await shop.client.query("SELECT pg_logical_emit_message(false, 'test', 'filler')");
      }
      await shop.client.query('CHECKPOINT');
      const found = await errorsOf(shop, 'slot-wal');
      expect(found('slot-wal')[0]).toMatchObject({
        found: expect.stringMatching(/^the slot is lost \(wal_removed\)/),
        remedy: expect.stringContaining("pg_drop_replication_slot('lost')"),
      });
      expect((await shop.run('setup')).lines.at(-1)).toMatch(/^warning {2}slot "lost" is lost/);
    });

    it('finds a Redis that does not keep what it is given, or may evict it', async () => {
      const server = await startRedis({
        settings: { appendonly: 'no', 'maxmemory-policy': 'allkeys-lru', maxmemory: '100mb' },
      });
      onTestFinished(server.stop);
      const servers = { postgres, redis: server };
      const shop = await world('careless', {}, servers);
      const found = await errorsOf(shop, 'redis-durability', 'redis-eviction');
      expect(found('redis-durability')[0]?.remedy).toContain('CONFIG SET appendonly yes');
      expect(found('redis-eviction')[0]?.found).toContain('allkeys-lru');
      const replicated = await world('no_replicas', { redis: { durability: { replicated: 1 } } }, servers);
      const lonely = await errorsOf(replicated, 'redis-durability', 'redis-eviction');
      expect(lonely('redis-durability')[0]?.found).toContain('0 of 1 replicas online');
    });

    it('finds a Redis that is nearly full', async () => {
      const server = await startRedis({ settings: { maxmemory: '1mb' } });
      onTestFinished(server.stop);
      const shop = await world('nearly_full', {}, { postgres, redis: server });
      const found = await errorsOf(shop, 'redis-memory');
      expect(found('redis-memory')[0]?.found).toMatch(/used of 1\.0 MB/);
    });
  });

  describe('when a server cannot be reached', () => {
    it('says so once for each, skips what depends on it, and checks the other one', async () => {
      const shop = await world('unreachable');
      const port = await closedPort();
      const noDatabase = await shop.doctor({
        ...shop.env,
        DATABASE_URL: `postgres://app:secret-1@127.0.0.1:${port}/shop`,
      });
      expect(noDatabase.code).toBe(1);
      expect(troubles(noDatabase.checks, 'error')).toEqual(['postgres']);
      expect(named(noDatabase.checks, 'postgres')[0]?.found).toMatch(
        /^PostgreSQL cannot be reached: .*ECONNREFUSED.*; the other checks of PostgreSQL and of the checkpoint were skipped$/,
      );
      expect(named(noDatabase.checks, 'redis-durability')).toHaveLength(1);

      const noRedis = await shop.doctor({ ...shop.env, REDIS_URL: `redis://:secret-2@127.0.0.1:${port}` });
      expect(troubles(noRedis.checks, 'error')).toEqual(['redis']);
      expect(named(noRedis.checks, 'redis')[0]?.found).toMatch(/ECONNREFUSED/);
      expect(named(noRedis.checks, 'slot')).toHaveLength(1);
      expect(named(noRedis.checks, 'checkpoint')).toEqual([]);
      expect(JSON.stringify([noDatabase, noRedis])).not.toContain('secret');
    });

    it('tells a wrong password from a server that is away', async () => {
      const shop = await world('passwords');
      const { checks } = await shop.doctor({
        ...shop.as('postgres', 'wrong'),
        REDIS_URL: redis.url.replace(/:[^:@]+@/, ':wrong@'),
      });
      expect(troubles(checks, 'error')).toEqual(['postgres', 'redis']);
      expect(named(checks, 'postgres')[0]?.found).toContain('password authentication failed');
      expect(named(checks, 'redis')[0]?.found).toContain('does not know this user and password');
    });
  });

  it('says that a variable is missing, without a stack', async () => {
    const shop = await world('variables');
    const { code, lines, errors } = await walmq(['doctor'], {
      WALMQ_CONFIG: shop.env.WALMQ_CONFIG as string,
    });
    expect(code).toBe(1);
    expect(errors).toEqual([]);
    expect(lines.filter(line => line.startsWith('error')).map(line => line.split(';')[0])).toEqual([
      'error    postgres                DATABASE_URL is not set',
      'error    redis                   REDIS_URL is not set',
    ]);
  });
});

/** A port on which nobody listens. */
async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise(resolve => server.close(resolve));
  return port;
}
