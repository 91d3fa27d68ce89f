import { readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { WalmqConfigInput } from '@walmq/config';
import { type EmbeddedPostgres, type EmbeddedRedis, startPostgres, startRedis } from '@walmq/embedded';
import { Queue } from 'bullmq';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { CliWorld, walmq } from './cli-fixture.js';

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

  async function makeWorld(
    name: string,
    more = '',
    queues: WalmqConfigInput['queues'] = QUEUES,
  ): Promise<CliWorld> {
    const servers = { postgres, redis };
    const world = await CliWorld.create(servers, name, { schema: `${SCHEMA}${more}`, queues });
    onTestFinished(() => world[Symbol.asyncDispose]());
    return world;
  }

  /** The key of a checkpoint that a capture of the same database keeps under another slot. */
  async function checkpointOf(world: CliWorld, slot: string): Promise<string> {
    const { rows } = await world.client.query<{ id: string }>(
      'SELECT system_identifier::text AS id FROM pg_control_system()',
    );
    return `${world.name}:walmq:checkpoint:${rows[0]?.id}:${world.name}:${slot}`;
  }

  /** The environment of another pipeline of the same database and Redis. */
  async function otherConfig(world: CliWorld, [from, to]: readonly [string, string]) {
    const path = world.env.WALMQ_CONFIG as string;
    const other = path.replace('walmq.config', 'other.config');
    await writeFile(other, (await readFile(path, 'utf8')).replace(from, to));
    return { ...world.env, WALMQ_CONFIG: other };
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

  it('by the SQL of docs/guides/operations.md leaves nothing in the database', async () => {
    const page = readFileSync(join(import.meta.dirname, '../../../docs/guides/operations.md'), 'utf8');
    const sql = /## Removing walmq[\s\S]*?```sql\n([\s\S]*?)```/.exec(page)?.[1] ?? '';
    const world = await makeWorld('td_sql');
    const before = await trace(world);
    await world.run('setup');
    expect(await trace(world)).not.toEqual(before);
    await world.client.query(sql.replaceAll("slot_name = 'walmq'", "slot_name = 'td_sql'"));
    expect(await trace(world)).toEqual(before);
  });

  it('leaves slots that are not its own, and what set-up has only found', async () => {
    const world = await makeWorld(
      'td_found',
      `
      CREATE TABLE full_before (id int PRIMARY KEY, n int); ALTER TABLE full_before REPLICA IDENTITY FULL;
      CREATE TABLE by_index (id int NOT NULL, n int); CREATE UNIQUE INDEX "the index" ON by_index (id);
      ALTER TABLE by_index REPLICA IDENTITY USING INDEX "the index"; CREATE TABLE bare (n int);
      CREATE PUBLICATION walmq FOR TABLE full_before WITH (publish = 'insert')`,
      { a: { tables: ['full_before', 'by_index', 'bare'] }, ...QUEUES },
    );
    const before = await trace(world);
    expect(await world.run('setup')).toMatchObject({ code: 0, errors: [] });
    expect(await world.run('teardown', '--yes')).toMatchObject({ code: 0, errors: [] });
    expect(await trace(world)).toEqual(before);
    expect((await world.client.query('SELECT pubupdate, pubviaroot FROM pg_publication')).rows).toEqual([
      { pubupdate: false, pubviaroot: false },
    ]);
    // The tables take writes as they did before.
    for (const table of ['full_before', 'by_index', 'bare']) {
      await world.client.query(`INSERT INTO ${table} (n) VALUES (1)`).catch(() => undefined);
      await world.client.query(`UPDATE ${table} SET n = 2`);
      await world.client.query(`DELETE FROM ${table}`);
    }
    for (const [kind, make, text] of [
      [
        'physical',
        `SELECT pg_create_physical_replication_slot('td_found')`,
        /^kept +slot "td_found": it is a physical slot/,
      ],
      [
        'plugin',
        `SELECT pg_create_logical_replication_slot('td_found', 'test_decoding')`,
        /^kept +slot .*test_decoding/,
      ],
      [
        'mine',
        `SELECT pg_create_logical_replication_slot('td_found', 'pgoutput')`,
        /^left +.*SELECT pg_drop_replication_slot/,
      ],
    ] as const) {
      await world.client.query(make);
      const { code, lines } = await world.run('teardown', '--yes');
      expect([kind, code, lines]).toEqual([kind, 0, expect.arrayContaining([expect.stringMatching(text)])]);
      const { rowCount } = await world.client.query(`SELECT pg_drop_replication_slot('td_found')`);
      expect(rowCount).toBe(1);
    }
  });

  it("leaves another database's slot of the same name", async () => {
    const production = await makeWorld('td_production');
    expect(await production.run('setup')).toMatchObject({ code: 0 });
    const staging = await makeWorld('td_staging');
    await staging.run('setup');
    const stray = await otherConfig(staging, ['"slot":"td_staging"', '"slot":"td_production"']);
    const { code, lines } = await walmq(['teardown', '--yes'], stray);
    expect(code).toBe(0);
    expect(lines.join('\n')).toContain('kept   slot "td_production": it is of database "td_production"');
    expect(await trace(production)).toMatchObject({ slots: [{ slot_name: 'td_production' }] });
  });

  it('leaves what a second pipeline of the same database needs, until that goes too', async () => {
    const world = await makeWorld('td_first');
    const before = await trace(world);
    const second = await otherConfig(world, [
      '"slot":"td_first"',
      '"slot":"td_second","publication":"second"',
    ]);
    await world.run('setup');
    expect(await walmq(['setup'], second)).toMatchObject({ code: 0, errors: [] });
    await world.client
      .query("INSERT INTO walmq.inbox (queue, change_id) VALUES ('orders', 'x')")
      .catch(() => undefined);
    await world.redis.hset(await checkpointOf(world, 'td_second'), 'position', 'x');
    const { code, lines, errors } = await world.run('teardown', '--yes');
    expect({ code, errors }).toEqual({ code: 0, errors: [] });
    expect(lines).toEqual(
      expect.arrayContaining([
        'done   drop slot "td_first"',
        'done   drop publication "walmq"',
        'kept   REPLICA IDENTITY FULL on public.orders: slot "td_second" needs it too',
        'kept   schema walmq with its inbox: slot "td_second" uses it too',
        'kept   the queues: another pipeline of this database (slot "td_second") feeds them too',
      ]),
    );
    expect(lines.join('\n')).not.toContain('another database');
    expect(
      (await world.client.query("SELECT relreplident FROM pg_class WHERE relname = 'orders'")).rows,
    ).toEqual([{ relreplident: 'f' }]);
    expect(await walmq(['teardown', '--yes'], second)).toMatchObject({ code: 0, errors: [] });
    expect(await trace(world)).toEqual(before);
  });

  it('undoes nothing of an older set-up, and prints the SQL that does', async () => {
    const world = await makeWorld('td_older');
    const before = await trace(world);
    await world.run('setup');
    await world.client.query('DROP TABLE walmq.setup');
    const after = await trace(world);
    const { code, lines, errors } = await world.run('teardown', '--yes');
    expect({ code, errors }).toEqual({ code: 0, errors: [] });
    expect(await trace(world)).toEqual(after);
    const left = lines.filter(line => line.startsWith('left'));
    expect(left).toHaveLength(6);
    for (const line of left) await world.client.query(/(?:SELECT|ALTER|DROP) .*;$/.exec(line)?.[0] as string);
    expect(await trace(world)).toEqual(before);
  });

  it('asks before each step at a terminal, and leaves what is not agreed to', async () => {
    const world = await makeWorld('td_asks');
    await world.run('setup');
    const asked: string[] = [];
    const answer = async (question: string) => {
      asked.push(question);
      return question.startsWith('Drop slot') ? 'yes' : 'no';
    };
    const { code, lines } = await walmq(['teardown'], world.env, { ask: answer });
    expect(code).toBe(0);
    expect(asked.length).toBeGreaterThan(4);
    expect(asked[0]).toBe('Drop slot "td_asks"? (yes/no) ');
    expect(lines).toContain('done   drop slot "td_asks"');
    expect(lines).toContain('kept   drop publication "walmq"');
    expect(await trace(world)).toMatchObject({ slots: [], publications: [{ pubname: 'walmq' }] });
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
