import { type Backfill, endBackfill, nextBackfill } from '@walmq/backfill';
import { type EmbeddedPostgres, type EmbeddedRedis, startPostgres, startRedis } from '@walmq/embedded';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CliWorld, walmq } from './cli-fixture.js';

const SCHEMA = `CREATE TABLE orders (id integer PRIMARY KEY, status text);
  CREATE TABLE items (id integer PRIMARY KEY); CREATE TABLE lines (text text);
  INSERT INTO orders SELECT i, 'paid' FROM generate_series(1, 500) i; ANALYZE orders`;
const QUEUES = {
  orders: { table: 'orders' },
  both: { tables: ['orders', 'items'] },
  lines: { table: 'lines', orderBy: false as const },
};

describe('walmq backfill', () => {
  let postgres: EmbeddedPostgres;
  let redis: EmbeddedRedis;
  beforeAll(async () => {
    [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
  });
  afterAll(() => Promise.all([postgres.stop(), redis.stop()]));

  const create = async (name: string) => {
    const servers = { postgres, redis };
    const world = await CliWorld.create(servers, name, { schema: SCHEMA, queues: QUEUES });
    expect((await world.run('setup')).code).toBe(0);
    return world;
  };

  it('asks for one, lists it, steers it', async () => {
    await using world = await create('backfill_asked');
    const list = async () =>
      JSON.parse((await world.run('backfill', '--json')).lines.join('\n')) as Backfill[];
    expect((await world.run('backfill')).lines).toEqual(['There is no backfill.']);
    expect(await world.run('backfill', '--queue', 'orders', '--dry-run')).toMatchObject({
      code: 0,
      lines: ['About 500 rows of public.orders would be enqueued into "orders".'],
    });
    expect(await list()).toEqual([]);
    const asked = await world.run(
      'backfill',
      '--queue',
      'both',
      '--table',
      'orders',
      '--where',
      "status = 'paid'",
    );
    expect(asked.code).toBe(0);
    expect(asked.lines[0]).toBe('Backfill 1: about 500 rows of public.orders into "both".');
    expect(await list()).toMatchObject([
      {
        id: '1',
        queue: 'both',
        table: 'orders',
        filter: "status = 'paid'",
        status: 'waiting',
        rowsExpected: 500,
      },
    ]);
    expect((await world.run('backfill', '--pause', '1')).lines[1]).toMatch(
      /^ *1 +paused +both +public\.orders/,
    );
    expect((await world.run('backfill', '--resume', '1')).lines[1]).toMatch(/waiting/);
    await nextBackfill(world.client, world.name);
    const point = { at: '00000000019F2B40-0000000001', key: ['100'], rowsRead: 100, rowsEnqueued: 90 };
    await world.client.query('UPDATE walmq.backfill SET trail = $1', [JSON.stringify([point])]);
    expect((await world.run('backfill', '--list')).lines[1]).toMatch(/running .* 100 +90 /);
    expect((await world.run('status')).lines.join('\n')).toMatch(/1 +running +both +public\.orders +100/);
    expect((await world.run('backfill', '--cancel', '1')).code).toBe(0);
    expect(await list()).toMatchObject([{ status: 'cancelled', rowsRead: 100 }]);
    expect((await world.run('backfill', '--cancel', '1')).code).toBe(0);
    expect(await world.run('backfill', '--resume', '1')).toMatchObject({ code: 1 });
  });

  it('is seen by status until it ends well, or is given up', async () => {
    await using world = await create('given_up');
    const said = async () => (await world.run('status')).lines.join('\n');
    await world.run('backfill', '--queue', 'orders');
    await nextBackfill(world.client, world.name);
    await endBackfill(world.client, '1', { status: 'failed', error: 'the disk is full' });
    expect(await said()).toMatch(/BACKFILL_FAILED: .*the disk is full\.\n.*--resume 1/);
    expect((await world.run('backfill', '--cancel', '1')).code).toBe(0);
    expect(await said()).not.toMatch(/backfill/i);
  });

  it('watches one to its end: exit code 0 when it is done, 1 when it failed', async () => {
    await using world = await create('backfill_watched');
    for (const [status, code] of [
      ['done', 0],
      ['failed', 1],
    ] as const) {
      const watched = world.run('backfill', '--queue', 'orders', '--watch', '--json');
      await expect.poll(() => nextBackfill(world.client, world.name), { timeout: 30_000 }).toBeDefined();
      const { id } = (await nextBackfill(world.client, world.name)) as Backfill;
      await endBackfill(world.client, id, { status, error: 'no reason' });
      const ended = await watched;
      expect(ended.code).toBe(code);
      expect(JSON.parse(ended.lines.join('\n'))).toMatchObject([{ status }]);
    }
  });

  it('refuses with a reason', async () => {
    await using world = await create('backfill_refused');
    const refused: [args: string[], reason: RegExp, code: number][] = [
      [['--queue', 'nothing'], /no queue "nothing".*orders, both, lines/s, 1],
      [['--queue', 'both'], /takes 2 tables, and --table selects none/, 1],
      [['--queue', 'orders', '--table', 'items'], /does not take public\.items/, 1],
      [['--queue', 'lines'], /no primary key.*Add a primary key/s, 1],
      [
        ['--queue', 'orders', '--where', 'colour = 1'],
        /does not take --where "colour = 1": column "colour" does not exist/,
        1,
      ],
      [['--queue', 'orders', '--where', '1); DROP TABLE orders; --'], /does not take --where/, 1],
      [['--queue', 'orders', '--chunk', '0'], /number of rows/, 2],
      [['--cancel', '77'], /no backfill 77/, 1],
      [['--cancel', '1', '--pause', '1'], /cannot be used with/, 2],
    ];
    for (const [args, reason, code] of refused) {
      const ended = await world.run('backfill', ...args);
      expect(ended.errors.join('\n')).toMatch(reason);
      expect(ended.code).toBe(code);
    }
    await world.client.query('SELECT FROM orders');
  });

  it('says which right is lacking, and on what', async () => {
    await using world = await create('backfill_denied');
    await world.client.query(
      "CREATE ROLE stranger LOGIN PASSWORD 'x'; GRANT USAGE ON SCHEMA walmq TO stranger; GRANT ALL ON walmq.backfill TO stranger",
    );
    const url = new URL(world.env.DATABASE_URL as string);
    url.username = 'stranger';
    url.password = 'x';
    const env = { ...world.env, DATABASE_URL: url.href };
    for (const where of [[], ['--where', 'id > 1']]) {
      const { code, errors } = await walmq(['backfill', '--queue', 'orders', ...where], env);
      expect(errors.join('\n')).toMatch(
        /^PRIVILEGE_MISSING: .*"orders" cannot be read: permission denied.*GRANT SELECT/,
      );
      expect(code).toBe(1);
    }
  });

  it('says what to run where the table for backfills is missing', async () => {
    await using world = await create('backfill_unset');
    await world.client.query('DROP TABLE walmq.backfill');
    const { code, errors } = await walmq(['backfill', '--list'], world.env);
    expect(code).toBe(1);
    expect(errors.join('\n')).toMatch(/no table walmq\.backfill.*npx walmq setup/s);
  });
});
