import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Change } from '@walmq/change';
import {
  eventually,
  type Servers,
  startApp,
  startProgram,
  startServers,
  stopServers,
  writeConfig,
} from '@walmq/testing';
import { WorkerWorld } from '@walmq/worker/fixture';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const APP = join(import.meta.dirname, '..');
const CAPTURE = join(APP, '../capture');
const CLI = join(APP, '../cli/bin/walmq.js');
const ROWS = 50;
const VERSIONS = 59;
const CHANGES = ROWS * (VERSIONS + 1);
const KILLS = 3;

describe('the change log, from a committed row to the same change once more', () => {
  let servers: Servers;
  beforeAll(async () => {
    servers = await startServers();
  });
  afterAll(async () => {
    await stopServers(servers);
  });

  async function create(name: string) {
    const kept = { attempts: 1000, stalledAfterMs: 1000, maxStalledCount: 1000, keepCompleted: {} };
    const queues = { orders: { table: 'orders' }, 'change-log': { tables: ['orders'], ...kept } };
    const world = await WorkerWorld.create(servers, name, {
      queues,
      schema: 'CREATE TABLE orders (id int PRIMARY KEY, version int NOT NULL)',
    });
    const path = await writeConfig({ source: { slot: name }, redis: { prefix: name }, queues });
    const env = { DATABASE_URL: world.databaseUrl, REDIS_URL: servers.redis.url, WALMQ_CONFIG: path };
    const walmq = async (...args: string[]) =>
      (await promisify(execFile)(process.execPath, [CLI, ...args], { env })).stdout;
    const refused = async (...args: string[]) =>
      await walmq(...args).then(String, error => String(error.stderr));
    return { world, env, walmq, refused };
  }

  async function jobsOf({ redis, prefix }: WorkerWorld): Promise<Change[]> {
    const keys = (await redis.keys(`${prefix}:orders:*`)).filter(key =>
      /:[0-9A-F]{16}-\d{10}-\w+$/.test(key),
    );
    const jobs = await Promise.all(keys.sort().map(key => redis.hget(key, 'data')));
    return jobs.map(data => JSON.parse(data as string) as Change);
  }

  it('keeps every change once and sends it again once, everything killed again and again, in order with live changes', async () => {
    const { world, env, walmq, refused } = await create('rewound');
    await using _ = world;
    expect(await refused('rewind', '--queue', 'orders', '--from', '1d')).toMatch(
      /OWN_TABLE_MISSING.*walmq setup --change-log.*start change-log-worker again/s,
    );
    expect(await walmq('setup', '--change-log')).toContain('done     create the change log');
    expect(await walmq('setup', '--change-log')).toContain('ok       the change log');

    let capture = startApp(CAPTURE, env);
    await world.rows('INSERT INTO orders SELECT i, 0 FROM generate_series(1, $1) i', [ROWS]);
    for (let version = 1; version <= VERSIONS; version++)
      await world.rows('UPDATE orders SET version = $1', [version]);
    const kept = async () =>
      (await world.rows<{ n: number }>('SELECT count(*)::int AS n FROM walmq.change_log'))[0]?.n ?? 0;
    for (let kill = 0; kill < KILLS; kill++) {
      const before = await kept();
      const app = startApp(APP, env);
      await eventually(async () => expect(await kept()).toBeGreaterThan(Math.min(before, CHANGES - 1)));
      await app.end('SIGKILL');
    }
    const app = startApp(APP, env);
    await eventually(async () => expect(await kept()).toBe(CHANGES));
    expect(await app.end('SIGTERM')).toBe('exit 0');
    await eventually(async () => expect((await jobsOf(world)).length).toBe(CHANGES));

    expect(await walmq('rewind', '--queue', 'orders', '--from', '1d', '--dry-run')).toMatch(
      new RegExp(
        `The change log begins at .*${CHANGES} changes \\(${CHANGES} of public.orders\\).*to the queue "orders"`,
        's',
      ),
    );
    expect(await refused('rewind', '--queue', 'orders', '--from', '1d')).toMatch(/NOT_CONFIRMED.*--yes/s);
    const sent = async () =>
      (await world.rows<{ n: number }>('SELECT coalesce(sum(sent), 0)::int AS n FROM walmq.rewind'))[0]?.n ??
      0;
    const begun = startProgram(CLI, env, ['rewind', '--queue', 'orders', '--from', '1d', '--yes']);
    await eventually(async () => expect(await sent()).toBeGreaterThan(0));
    await begun.end('SIGKILL');
    await capture.end('SIGKILL');
    capture = startApp(CAPTURE, env);
    await world.rows('UPDATE orders SET version = 1000 WHERE id = 1');
    if ((await sent()) < CHANGES)
      expect(await walmq('rewind', '--resume', '1')).toContain(`${CHANGES} changes sent`);
    await world.rows('UPDATE orders SET version = 1001 WHERE id = 1');

    await eventually(async () => expect((await jobsOf(world)).length).toBe(2 * CHANGES + 2));
    const jobs = await jobsOf(world);
    expect(await capture.end('SIGTERM')).toBe('exit 0');
    const first = jobs.slice(0, CHANGES);
    const again = jobs.filter(({ rewound }) => rewound !== undefined);
    expect(again.map(({ rewound }) => rewound)).toEqual(first.map(({ id }) => id));
    expect(again.map(({ id, rewound, ...rest }) => rest)).toEqual(first.map(({ id, ...rest }) => rest));
    expect(new Set(jobs.map(({ id }) => id)).size).toBe(jobs.length);
    expect(jobs.at(-1)?.after).toEqual({ id: 1, version: 1001 });
    // Nobody works: each row's first change is ready, all others wait behind it, sent again or not.
    expect(await world.redis.llen(`${world.prefix}:orders:wait`)).toBe(ROWS);

    expect(await refused('rewind', '--resume', '1')).toMatch(/REWIND_ENDED/);
    expect(await refused('rewind', '--resume', '7')).toMatch(/REWIND_UNKNOWN/);
  }, 180_000);

  it('is chosen by time, table and key; what is wrong is said', async () => {
    const { world, env, walmq, refused } = await create('chosen');
    await using _ = world;
    await walmq('setup', '--change-log');
    const keep = (id: number, committedAt: string) =>
      world.rows(
        `INSERT INTO walmq.change_log VALUES (lpad($1::text, 16, '0') || '-0000000001', $2::timestamptz, 'public', 'orders',
           json_build_object('id', lpad($1::text, 16, '0') || '-0000000001', 'op', 'update', 'schema', 'public', 'table', 'orders',
             'key', json_build_object('id', $1::int % 3), 'before', null, 'after', json_build_object('id', $1::int % 3, 'version', $1::int),
             'tx', json_build_object('committedAt', $2::text)))`,
        [id, committedAt],
      );
    for (let id = 1; id <= 9; id++) await keep(id, `2026-01-0${id}T12:00:00Z`);
    const capture = startApp(CAPTURE, env);
    const choice = ['--from', '2026-01-03T00:00Z', '--to', '2026-01-08T00:00Z'];
    const json = await walmq('rewind', '--queue', 'orders', ...choice, '--key', 'id=1', '--yes', '--json');
    expect(JSON.parse(json)).toEqual({ rewind: '1', queue: 'orders', sent: 2, ended: true });
    await eventually(async () =>
      expect((await jobsOf(world)).map(({ after }) => after?.version)).toEqual([4, 7]),
    );
    expect(await walmq('rewind', '--queue', 'orders', '--from', '2027-01-01')).toContain(
      'Nothing was committed then',
    );
    expect(await refused('rewind')).toMatch(/OPTION_MISSING.*walmq rewind --queue/s);
    expect(await refused('rewind', '--queue', 'nothing', '--from', '1d')).toMatch(/QUEUE_UNKNOWN.*orders/s);
    expect(await refused('rewind', '--queue', 'orders', '--from', '1d', '--table', 'items')).toMatch(
      /TABLE_NOT_IN_QUEUE/,
    );
    expect(await refused('rewind', '--queue', 'orders', '--from', '1d', '--key', '1')).toMatch(
      /OPTION_INVALID/,
    );
    // What nobody can read is told, and holds up nothing.
    await world.rows("SELECT pg_logical_emit_message(true, 'walmq.rewind', 'nonsense')");
    await world.rows(
      `SELECT pg_logical_emit_message(true, 'walmq.rewind', E'"nobody"\\n{"id":"1","table":"orders"}')`,
    );
    await world.rows('INSERT INTO orders VALUES (1, 1)');
    await eventually(async () => expect((await jobsOf(world)).length).toBe(3));
    expect(capture.output()).toMatch(/a change to be sent again: it is not JSON/);
    expect(await capture.end('SIGTERM')).toBe('exit 0');
  }, 120_000);

  it('has a partition for each day to come, and drops those that are older than it keeps', async () => {
    const { world, walmq } = await create('tended');
    await using _ = world;
    await walmq('setup', '--change-log');
    await world.rows('SELECT walmq.tend_change_log(14)');
    const parts = async () =>
      (
        await world.rows<{ name: string }>(
          "SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'walmq.change_log'::regclass ORDER BY 1",
        )
      ).map(({ name }) => name);
    expect((await parts()).length).toBe(4);
    await world.rows(
      `CREATE TABLE walmq.change_log_2020_01_01 PARTITION OF walmq.change_log FOR VALUES FROM ('2020-01-01Z') TO ('2020-01-02Z');
       INSERT INTO walmq.change_log VALUES ('1', '2020-01-01T12:00Z', 'public', 'orders', '{}'), ('2', '2020-02-01Z', 'public', 'orders', '{}'),
         ('3', now(), 'public', 'orders', '{}'), ('4', now() - interval '1 day', 'public', 'orders', '{}')`,
    );
    await world.rows('SELECT walmq.tend_change_log(14)');
    expect((await parts()).length).toBe(4);
    expect(
      (await world.rows('SELECT change_id FROM walmq.change_log ORDER BY 1')).map(
        ({ change_id }) => change_id,
      ),
    ).toEqual(['3', '4']);
  });
});
