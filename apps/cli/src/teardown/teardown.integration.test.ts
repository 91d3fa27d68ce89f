import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type EmbeddedPostgres, type EmbeddedRedis, startPostgres, startRedis } from '@walmq/embedded';
import { Queue } from 'bullmq';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { CliWorld } from '../cli-fixture.js';

const SCHEMA = `CREATE TABLE orders (id int PRIMARY KEY, status text);
  CREATE SCHEMA "odd schema";
  CREATE TABLE "odd schema"."odd ""table" (id int PRIMARY KEY);
  CREATE TABLE sales (id int, day date, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
  CREATE TABLE sales_2026 PARTITION OF sales FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
  CREATE TABLE untouched (id int PRIMARY KEY);
  ALTER TABLE untouched REPLICA IDENTITY FULL;
  INSERT INTO orders VALUES (1, 'paid');`;
const QUEUES = { orders: { table: 'orders' }, sales: { table: 'sales' } };

describe('removing walmq', () => {
  let postgres: EmbeddedPostgres;
  let redis: EmbeddedRedis;
  beforeAll(async () => {
    [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
  });
  afterAll(async () => {
    await Promise.all([postgres.stop(), redis.stop()]);
  });

  async function makeWorld(name: string): Promise<CliWorld> {
    const servers = { postgresUrl: postgres.url, redisUrl: redis.url };
    const world = await CliWorld.create(servers, name, { schema: SCHEMA, queues: QUEUES });
    onTestFinished(() => world[Symbol.asyncDispose]());
    return world;
  }

  /** Everything in a database that set-up could have changed. */
  async function trace({ client, name }: CliWorld): Promise<unknown> {
    const ask = async (sql: string, ...values: string[]) => (await client.query(sql, values)).rows;
    return {
      slots: await ask('SELECT slot_name FROM pg_replication_slots WHERE database = $1', name),
      publications: await ask('SELECT pubname FROM pg_publication'),
      schemas: await ask('SELECT nspname FROM pg_namespace ORDER BY 1'),
      relations: await ask(
        `SELECT oid::regclass::text AS relation, relreplident FROM pg_class
          WHERE relkind IN ('r', 'p', 'i', 'I', 'S', 'v') AND oid >= 16384 ORDER BY 1`,
      ),
      functions: await ask('SELECT oid::regprocedure::text FROM pg_proc WHERE oid >= 16384'),
      triggers: await ask('SELECT tgname FROM pg_trigger WHERE NOT tgisinternal'),
      rows: await ask('SELECT * FROM orders'),
    };
  }

  it('does not take an audit log away that holds anything', async () => {
    const world = await makeWorld('td_audit');
    expect(await world.run('setup', '--audit')).toMatchObject({ code: 0 });
    await world.client.query(
      "INSERT INTO walmq.audit (change_id, committed_at, xid, schema_name, table_name, op) VALUES ('a', now(), 1, 's', 't', 'insert')",
    );
    const before = await trace(world);
    const refused = await world.run('teardown', '--yes');
    expect(refused.code).toBe(1);
    expect(refused.errors.join('\n')).toMatch(/^AUDIT_LOG_HELD: /);
    expect(await trace(world)).toEqual(before);
    await world.client.query('DROP TABLE walmq.audit CASCADE');
    expect(await world.run('teardown', '--yes')).toMatchObject({ code: 0 });
  });

  it('by command leaves nothing in database and Redis, and touches nothing else', async () => {
    const world = await makeWorld('td_command');
    await world.redis.set('somebody-elses', 'key');
    onTestFinished(async () => {
      await world.redis.del('somebody-elses');
    });
    const before = await trace(world);
    expect(await world.run('setup', '--audit')).toMatchObject({ code: 0 });
    expect(await trace(world)).not.toEqual(before);
    const queue = new Queue('orders', { connection: { url: redis.url }, prefix: world.name });
    await queue.add('insert', {});
    await queue.close();
    await world.redis.set(`${world.name}:walmq:last-capture:${world.name}`, '{}');

    const dry = await world.run('teardown', '--dry-run');
    expect(dry.code).toBe(0);
    expect(dry.lines).toEqual([
      'would  drop slot "td_command"',
      'would  set REPLICA IDENTITY DEFAULT on public.orders',
      'would  set REPLICA IDENTITY DEFAULT on public.sales',
      'would  set REPLICA IDENTITY DEFAULT on public.sales_2026',
      'would  drop publication "walmq"',
      'would  drop schema walmq with its tables',
      expect.stringMatching(/^would {2}remove \d+ keys from Redis: the queues$/),
      expect.stringMatching(/^would {2}remove 1 key from Redis: the checkpoint/),
    ]);
    const unsure = await world.run('teardown');
    expect(unsure.code).toBe(1);
    expect(unsure.errors.join('\n')).toMatch(/^NOT_CONFIRMED: .*--yes/);
    expect(await trace(world)).not.toEqual(before);

    expect(await world.run('teardown', '--yes')).toMatchObject({ code: 0, errors: [] });
    expect(await trace(world)).toEqual(before);
    expect(await world.redis.keys('*')).toEqual(['somebody-elses']);
    expect((await world.run('teardown', '--yes')).lines).toEqual(['Nothing of walmq is left.']);
  });

  it('by the SQL of docs/operations.md leaves nothing in the database', async () => {
    const page = readFileSync(join(import.meta.dirname, '../../../../docs/operations.md'), 'utf8');
    const sql = /## Removing walmq[\s\S]*?```sql\n([\s\S]*?)```/.exec(page)?.[1] ?? '';
    const world = await makeWorld('td_sql');
    const before = await trace(world);
    await world.run('setup');
    expect(await trace(world)).not.toEqual(before);
    await world.client.query(sql.replaceAll("slot_name = 'walmq'", "slot_name = 'td_sql'"));
    expect(await trace(world)).toEqual(before);
  });

  it('leaves queues alone that another database feeds', async () => {
    const world = await makeWorld('td_shared');
    await world.run('setup');
    await world.redis.hset(`${world.name}:walmq:checkpoint:1:other:walmq`, 'position', 'x');
    await world.redis.set(`${world.name}:orders:meta`, 'x');
    onTestFinished(async () => {
      await world.redis.flushall();
    });
    const { code, lines } = await world.run('teardown', '--yes');
    expect(code).toBe(0);
    expect(lines).toContain('kept   the queues: another database feeds them too');
    expect((await world.redis.keys('*')).sort()).toEqual([
      'td_shared:orders:meta',
      'td_shared:walmq:checkpoint:1:other:walmq',
    ]);
  });
});
