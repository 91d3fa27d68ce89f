import { join } from 'node:path';
import type { WalmqConfigInput } from '@walmq/config';
import { publish } from '@walmq/outbox';
import {
  type AppProcess,
  eventually,
  type Servers,
  startProgram,
  startServers,
  stopServers,
} from '@walmq/testing';
import { workerSchemaSql } from '@walmq/worker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CaptureWorld } from '../../apps/capture/test/capture-fixture.js';
import { buildProject } from './project-fixture.js';

/** Folders with the packages of an application. */
const KINDS = ['esm', 'commonjs'];
const ORDERS = 40;
const STEPS = 3;

/** NestJS ends its process by the signal, unless nothing is left to do before. */
const DRAINED = /^(?:exit 0|SIGTERM)$/;

const SCHEMA = `${workerSchemaSql}
  CREATE TABLE orders (id integer PRIMARY KEY, step integer NOT NULL);
  CREATE TABLE held (id integer PRIMARY KEY);
  CREATE TABLE begun (id integer, pid integer);
  CREATE TABLE made (at bigint GENERATED ALWAYS AS IDENTITY, by text, id integer, step integer, pid integer,
    change_id text UNIQUE);`;

const QUEUES: WalmqConfigInput['queues'] = {
  orders: {
    table: 'orders',
    messages: true,
    attempts: 20,
    backoff: { type: 'fixed', delayMs: 50 },
  },
  batches: { table: 'orders' },
  requests: { table: 'orders', operations: ['insert'] },
  plain: { table: 'orders', attempts: 20, backoff: { type: 'fixed', delayMs: 50 } },
};

/** Inserts the orders, then takes each through its steps. */
async function writeOrders({ client }: CaptureWorld): Promise<void> {
  await client.query(`INSERT INTO orders SELECT id, 1 FROM generate_series(1, ${ORDERS}) AS id`);
  for (let step = 2; step <= STEPS; step++) await client.query('UPDATE orders SET step = $1', [step]);
}

/** The steps of each order, in the order in which their effects were made. */
async function madeBy({ client }: CaptureWorld, by: string) {
  const { rows } = await client.query<{ id: number; steps: number[] }>(
    'SELECT id, array_agg(step ORDER BY at) AS steps FROM made WHERE by = $1 GROUP BY id ORDER BY id',
    [by],
  );
  return rows;
}

const IDS = Array.from({ length: ORDERS }, (_, n) => n + 1);

describe('NestJS', () => {
  let servers: Servers;
  const folders = new Map<string, string>();
  beforeAll(async () => {
    servers = await startServers();
    for (const kind of KINDS) folders.set(kind, await buildProject(kind));
  }, 300_000);
  afterAll(() => stopServers(servers));

  it.each(KINDS)('%s: makes each effect once and in order, through kills, failures and stops', async kind => {
    const name = `nest_${kind}`;
    const folder = folders.get(kind) as string;
    await using world = await CaptureWorld.create(servers, name, { schema: SCHEMA, queues: QUEUES });
    const start = async (): Promise<AppProcess> => {
      const env = { DATABASE_URL: world.databaseUrl, REDIS_URL: servers.redis.url, WORLD: name };
      const app = startProgram(join(folder, 'dist/main.js'), env, [], { cwd: folder });
      await eventually(() => expect(app.output()).toContain('started {"walmq":{"status":"up"}}'));
      return app;
    };
    const { client } = world;
    const begunBy = async ({ pid }: AppProcess) =>
      (await client.query('SELECT FROM begun WHERE pid = $1', [pid])).rowCount ?? 0;

    const capture = world.capture();
    const first = await start();
    await client.query('INSERT INTO held VALUES (1)');
    await writeOrders(world);
    await eventually(async () => expect(await begunBy(first)).toBeGreaterThan(ORDERS / 2));
    expect(await first.end('SIGKILL')).toBe('SIGKILL');

    // Stopped in the middle of a change, the second finishes it. What it leaves is for the third.
    const second = await start();
    const holds = async () =>
      expect((await client.query('SELECT FROM begun WHERE id = 1 AND pid = $1', [second.pid])).rowCount).toBe(
        1,
      );
    await eventually(holds);
    second.signal('SIGTERM');
    await eventually(() => {
      second.signal('SIGUSR2');
      expect(second.output()).toContain('"workers":"a worker does not run"');
    });
    await client.query('DELETE FROM held');
    expect(await second.ended).toMatch(DRAINED);
    const { rows } = await client.query('SELECT pid, step FROM made WHERE id = 1 AND by = $1', ['orders']);
    expect(rows).toEqual([{ pid: second.pid, step: 1 }]);

    const third = await start();
    await client.query('BEGIN');
    await publish(client, 'orders', { type: 'order.paid', payload: { id: 7 } });
    await client.query('DELETE FROM orders WHERE id = 1');
    await client.query('COMMIT');
    const steps = [1, 2, 3];
    await eventually(async () =>
      expect(await madeBy(world, 'orders')).toEqual(
        IDS.map(id => ({ id, steps: id === 1 ? [...steps, null] : steps })),
      ),
    );
    for (const by of ['batches', 'requests'])
      await eventually(async () =>
        expect(await madeBy(world, by)).toEqual(IDS.map(id => ({ id, steps: [1] }))),
      );
    await eventually(async () => expect(await madeBy(world, 'events')).toEqual([{ id: 7, steps: [null] }]));
    third.signal('SIGUSR2');
    await eventually(() => expect(third.output()).toContain('walmq_worker_changes_total{queue="orders"'));
    expect(await third.end('SIGTERM')).toMatch(DRAINED);
    expect(third.output()).toContain('closed {"walmq":{"status":"down"');
    expect(third.output()).toMatch(/\[walmq\].*Processed DELETE on orders/);
    await capture.stop();
  });

  it('a processor of @nestjs/bullmq keeps the order of each row through failures', async () => {
    await using world = await CaptureWorld.create(servers, 'nest_plain', { schema: SCHEMA, queues: QUEUES });
    const env = { DATABASE_URL: world.databaseUrl, REDIS_URL: servers.redis.url, WORLD: 'nest_plain' };
    const folder = folders.get('esm') as string;
    const app = startProgram(join(folder, 'dist/processor.js'), env, [], { cwd: folder });
    await eventually(() => expect(app.output()).toContain('started'));
    const capture = world.capture();
    await writeOrders(world);
    await eventually(async () =>
      expect(await madeBy(world, 'plain')).toEqual(IDS.map(id => ({ id, steps: [1, 2, 3] }))),
    );
    expect(await app.end('SIGTERM')).toMatch(DRAINED);
    await capture.stop();
  });
});
