import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { type AppProcess, eventually, type Servers, startServers, stopServers, World } from '@walmq/testing';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { Project } from './project-fixture.js';

const SCHEMA = `
CREATE TABLE IF NOT EXISTS orders (id int PRIMARY KEY, customer text NOT NULL);
CREATE TABLE IF NOT EXISTS mails (id int PRIMARY KEY);
CREATE TABLE IF NOT EXISTS effects (id int PRIMARY KEY, what text NOT NULL);
`;

const CONFIG = (name: string, more = '') => `
import { defineConfig } from 'walmq';
export default defineConfig({
  source: { slot: '${name}' },
  redis: { prefix: '${name}' },
  queues: { orders: { table: 'orders' }, mails: { table: 'mails' } },
  workers: { orders: 'src/workers/orders.ts', mails: 'src/workers/mails.ts' },
  dev: { schema: 'schema.sql' },
  ${more}
});
`;

const ORDERS = (what: string) => `
import { defineWorker } from 'walmq';
import { what } from '../what.js';
import type { Tables } from '../walmq-tables.js';

export default defineWorker<Pick<Tables, 'orders'>>({
  queue: 'orders',
  on: {
    orders: {
      insert: (change, { log, once }) =>
        once(change, async tx => {
          log.info('an order of ' + change.after.customer);
          await tx.query('INSERT INTO effects VALUES ($1, $2)', [change.after.id, what + '${what}']);
        }),
    },
  },
});
`;

const MAILS = `
import { defineWorker } from 'walmq';
export default defineWorker({ queue: 'mails', on: { mails: { insert: async () => ({ sent: true }) } } });
`;

const files = (name: string) => ({
  'schema.sql': SCHEMA,
  'walmq.config.ts': CONFIG(name),
  'src/workers/orders.ts': ORDERS('1'),
  'src/workers/mails.ts': MAILS,
  'src/what.ts': "export const what = 'a';\n",
  'src/walmq-tables.ts': '// to be written\n',
});

/** How often a text is in the output. */
const count = (dev: AppProcess, text: string) => dev.output().split(text).length - 1;
const started = (dev: AppProcess) =>
  eventually(() => expect(dev.output()).toContain('everything has started'));

async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new Client(url);
  await client.connect();
  try {
    return (await client.query(sql)).rows as Record<string, unknown>[];
  } finally {
    await client.end();
  }
}

describe('walmq dev with embedded servers', () => {
  it('goes from an empty folder to an effect, keeps the data, and leaves no process behind', async () => {
    const project = await Project.create(files('walmq'));
    await project.link('embedded');
    const env = async () => parseEnv(await readFile(join(project.folder, '.walmq/dev.env'), 'utf8'));
    const effects = async () =>
      await query((await env()).DATABASE_URL as string, 'SELECT * FROM effects ORDER BY id');

    const first = project.walmq(['dev']);
    await started(first);
    const { DATABASE_URL = '' } = await env();
    expect(first.output()).toContain(`psql ${DATABASE_URL}`);
    // Another command of the project finds the servers.
    const insert = project.walmq(['sql', "INSERT INTO orders VALUES (1, 'Ada')"]);
    expect(await insert.ended).toBe('exit 0');
    await eventually(async () => expect(await effects()).toEqual([{ id: 1, what: 'a1' }]));
    expect(await readFile(join(project.folder, 'src/walmq-tables.ts'), 'utf8')).toContain('customer: string');
    expect(await readFile(join(project.folder, '.walmq/.gitignore'), 'utf8')).toBe('*\n');
    expect(await first.end('SIGINT')).toBe('exit 0');
    expect(await project.processes()).toEqual([]);

    const second = project.walmq(['dev']);
    await started(second);
    expect((await env()).DATABASE_URL).toBe(DATABASE_URL);
    expect(await effects()).toEqual([{ id: 1, what: 'a1' }]);
    expect((await project.processes()).length).toBeGreaterThan(5);
    second.signal('SIGKILL');
    await eventually(async () => expect(await project.processes()).toEqual([]));
  });
});

describe('walmq dev with given servers', () => {
  let servers: Servers;
  beforeAll(async () => {
    servers = await startServers();
  });
  afterAll(async () => {
    await stopServers(servers);
  });

  it('restarts what is saved, and nothing else', async () => {
    await using world = await World.create(servers, 'saved');
    const project = await Project.create(files('saved'));
    // Named by the file .env.
    await project.write('.env', `DATABASE_URL=${world.databaseUrl}\nREDIS_URL=${world.redisUrl}\n`);
    const taken = createServer();
    onTestFinished(() => void taken.close());
    await new Promise<void>(resolve => {
      taken.on('error', () => resolve()).listen(9100, '127.0.0.1', resolve);
    });
    const dev = project.walmq(['dev']);
    await started(dev);
    const dashboard = /pipeline page +(http:\S+)/.exec(dev.output())?.[1] as string;
    expect(Number(new URL(dashboard).port)).toBeGreaterThan(9100);
    expect((await fetch(dashboard)).status).toBe(200);
    const effect = async (id: number, what: string) => {
      await world.rows("INSERT INTO orders VALUES ($1, 'Ada')", [id]);
      await eventually(async () =>
        expect(await world.rows('SELECT what FROM effects WHERE id = $1', [id])).toEqual([{ what }]),
      );
    };
    await effect(1, 'a1');
    expect(dev.output()).toMatch(/^orders {4} │ an order of Ada$/m);

    await project.write('src/workers/orders.ts', ORDERS('2'));
    await eventually(() => expect(count(dev, 'orders     │ ready at')).toBe(2));
    await effect(2, 'a2');
    // A file that it imports.
    await project.write('src/what.ts', "export const what = 'b';\n");
    await eventually(() => expect(count(dev, 'orders     │ ready at')).toBe(3));
    await effect(3, 'b2');

    await project.write('src/what.ts', 'export const what = {{;\n');
    await eventually(() => expect(dev.output()).toContain('orders     │ did not start (exit code 1)'));
    expect(dev.output()).toMatch(/orders {4} │ WORKER_UNREADABLE: .*Unexpected token \(.*what\.ts:1:\d+\)/);
    await project.write('src/what.ts', "export const what = 'c';\n");
    await eventually(() => expect(count(dev, 'orders     │ ready at')).toBe(4));
    await effect(4, 'c2');
    expect(count(dev, 'mails      │ ready at')).toBe(1);
    expect(count(dev, 'capture    │ ready at')).toBe(1);

    await world.rows('ALTER TABLE orders ADD COLUMN note text');
    await eventually(async () =>
      expect(await readFile(join(project.folder, 'src/walmq-tables.ts'), 'utf8')).toContain('note: string'),
    );
    // Types alone are no reason for a restart.
    expect(count(dev, 'orders     │ ready at')).toBe(4);

    // A new table and a new queue: everything is prepared again.
    await project.write('schema.sql', `${SCHEMA} CREATE TABLE IF NOT EXISTS later (id int PRIMARY KEY);`);
    await eventually(() => expect(count(dev, 'everything has started')).toBe(2));
    await project.write('walmq.config.ts', CONFIG('saved', 'quues: {},'));
    await eventually(() => expect(dev.output()).toContain('quues: is no field of the configuration'));
    const config = CONFIG('saved').replace('queues: {', "queues: { later: { table: 'later' },");
    await project.write('walmq.config.ts', config);
    await eventually(() => expect(count(dev, 'everything has started')).toBe(3));
    expect(dev.output()).toContain('add public.later to publication');
    await effect(5, 'c2');
    expect(await dev.end('SIGTERM')).toBe('exit 0');
    expect(await project.processes()).toEqual([]);
    expect(dev.output()).not.toMatch(/^\{/m);
  });

  it('waits for a table that is still to be made, and takes the next port', async () => {
    await using world = await World.create(servers, 'waiting');
    const project = await Project.create(
      { ...files('waiting'), 'schema.sql': 'SELECT 1' },
      { DATABASE_URL: world.databaseUrl, REDIS_URL: world.redisUrl, WALMQ_HOST: '127.0.0.2' },
    );
    // Free on 127.0.0.1, where walmq dev looks, and taken where the worker listens.
    const taken = createServer().listen(9110, '127.0.0.2');
    onTestFinished(() => void taken.close());
    const dev = project.walmq(['dev']);
    await eventually(() => expect(dev.output()).toMatch(/setup {5} │ TABLE_MISSING: .*orders/));
    await world.rows(SCHEMA.split(';')[0] as string);
    await world.rows(SCHEMA.split(';')[1] as string);
    await started(dev);
    expect(dev.output()).toMatch(/orders {5}│ ready at http:\/\/127\.0\.0\.2:911[1-9]/);
    expect(dev.output()).not.toContain('PORT_IN_USE');
    expect(await dev.end('SIGINT')).toBe('exit 0');
  });

  it('says what it lacks, and how to get it', async () => {
    const project = await Project.create(files('lacks'));
    await project.write('pnpm-lock.yaml', '');
    const dev = project.walmq(['dev'], { REDIS_URL: servers.redis.url });
    expect(await dev.ended).toBe('exit 1');
    expect(dev.output()).toMatch(
      /^EMBEDDED_MISSING: DATABASE_URL is not set, .* Run "pnpm add --save-dev @walmq\/embedded@\^\d+\.\d+\.\d+", or add --yes, or set DATABASE_URL, also in the file \.env\.\n$/,
    );
    const lost = project.walmq(['dev'], { WALMQ_CONFIG: 'nowhere.ts' });
    expect(await lost.ended).toBe('exit 1');
    expect(lost.output()).toMatch(/^CONFIG_MISSING: /);
  });
});
