import { once } from 'node:events';
import { createServer } from 'node:net';
import { eventually, type Servers, startServers, stopServers, World } from '@walmq/testing';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { Project } from './project-fixture.js';

const SCHEMA = `
  CREATE TABLE payments (id int PRIMARY KEY, amount int NOT NULL);
  CREATE TABLE mails (id int PRIMARY KEY);
  CREATE TABLE effects (what text, id int, PRIMARY KEY (what, id));
`;

const PAYMENTS = `
import { type Change, defineWorker, drop, giveUp, WalmqError } from 'walmq';
import { record } from './record.js';

if (!(drop('') instanceof WalmqError)) throw new Error('two copies of walmq');

export default defineWorker<{ payments: { id: number; amount: number } }>({
  queue: 'payments',
  on: {
    payments: {
      insert: (change, { once }) => {
        if (change.after.amount === 0) throw drop('nothing to pay');
        if (change.after.amount < 0) throw giveUp('a payment below zero');
        return once(change, tx => record(tx, 'payment', change.after.id));
      },
    },
  },
});
`;

const RECORD = `
import type { PoolClient } from 'pg';
export async function record(tx: PoolClient, what: string, id: number): Promise<void> {
  await tx.query('INSERT INTO effects VALUES ($1, $2)', [what, id]);
}
`;

const MAILS = `
import { defineWorker, defineWorkerApp } from 'walmq';
import { record } from './record.js';

export default defineWorkerApp({
  workers: service => {
    service.onStop('mail server', async () => console.log('mail server closed'));
    return [
      defineWorker<{ mails: { id: number } }>({
        queue: 'mails',
        on: { mails: { insert: (change, { once }) => once(change, tx => record(tx, 'mail', change.after.id)) } },
      }),
    ];
  },
});
`;

const CONFIG = (name: string) => `
import { defineConfig } from 'walmq';
export default defineConfig({
  source: { slot: '${name}' },
  redis: { prefix: '${name}' },
  queues: {
    payments: { table: 'payments', stalledAfterMs: 1000, maxStalledCount: 1000, attempts: 1000 },
    mails: { table: 'mails' },
  },
  workers: { payments: 'src/workers/payments.ts', mails: './src/workers/mails.ts', elsewhere: 'src/elsewhere.ts' },
});
`;

describe('walmq capture, worker and dashboard', () => {
  let servers: Servers;
  beforeAll(async () => {
    servers = await startServers();
  });
  afterAll(async () => {
    await stopServers(servers);
  });

  async function projectOn(world: World): Promise<Project> {
    return await Project.create(
      {
        'walmq.config.ts': CONFIG(world.name),
        'src/workers/payments.ts': PAYMENTS,
        'src/workers/mails.ts': MAILS,
        'src/workers/record.ts': RECORD,
        'src/elsewhere.ts':
          "import { defineWorker } from 'walmq';\nexport default defineWorker({ queue: 'orders' });",
      },
      { DATABASE_URL: world.databaseUrl, REDIS_URL: world.redisUrl },
    );
  }

  it('bring rows to the handlers of a project, once each, through kills', async () => {
    await using world = await World.create(servers, 'serve', { schema: SCHEMA });
    const project = await projectOn(world);
    expect(await project.walmq(['setup']).ended).toBe('exit 0');
    let capture = project.walmq(['capture']);
    let worker = project.walmq(['worker', 'payments']);
    const recorded = async (what: string) =>
      (await world.rows<{ n: number }>('SELECT count(*)::int AS n FROM effects WHERE what = $1', [what]))[0]!
        .n;

    await world.rows('INSERT INTO payments VALUES (-1, 0), (-2, -5)');
    for (let round = 1; round <= 3; round++) {
      await world.rows('INSERT INTO payments SELECT n, 1 FROM generate_series($1::int, $2::int) n', [
        round * 100,
        round * 100 + 99,
      ]);
      await eventually(async () => expect(await recorded('payment')).toBeGreaterThan((round - 1) * 100));
      expect(await worker.end('SIGKILL')).toBe('SIGKILL');
      expect(await capture.end('SIGKILL')).toBe('SIGKILL');
      capture = project.walmq(['capture']);
      // A file's path finds the same worker.
      worker = project.walmq(['worker', 'src/workers/payments.ts']);
    }
    await eventually(async () => expect(await recorded('payment')).toBe(300));
    const metrics = async (url: string) => await (await fetch(`${url}/metrics`)).text();
    expect(await metrics(await worker.url())).toContain('walmq_worker_changes_total{queue="payments"');
    expect(await metrics(await capture.url())).toContain('walmq_capture_');
    const failed = project.walmq(['failed', '--json']);
    expect(await failed.ended).toBe('exit 0');
    expect(failed.output()).toContain('a payment below zero');
    expect(failed.output()).not.toContain('nothing to pay');

    const dashboard = project.walmq(['dashboard', '--port', '0']);
    const url = await dashboard.url();
    expect((await fetch(`${url}/ready`)).status).toBe(200);
    expect(await (await fetch(url)).text()).toContain('<title>');
    for (const each of [worker, capture, dashboard]) expect(await each.end('SIGTERM')).toBe('exit 0');
  });

  it('run several workers in one process, and each closes what it has opened', async () => {
    await using world = await World.create(servers, 'together', { schema: SCHEMA });
    const project = await projectOn(world);
    expect(await project.walmq(['setup']).ended).toBe('exit 0');
    const capture = project.walmq(['capture']);
    const worker = project.walmq(['worker', 'payments', 'mails']);
    await world.rows('INSERT INTO payments VALUES (1, 1)');
    await world.rows('INSERT INTO mails VALUES (1)');
    await eventually(async () =>
      expect(await world.rows('SELECT what FROM effects ORDER BY what')).toEqual([
        { what: 'mail' },
        { what: 'payment' },
      ]),
    );
    expect(await worker.end('SIGTERM')).toBe('exit 0');
    expect(worker.output()).toContain('mail server closed');
    expect(await capture.end('SIGTERM')).toBe('exit 0');
  });

  it('say in one sentence what is wrong', async () => {
    await using world = await World.create(servers, 'wrong', { schema: SCHEMA });
    const project = await projectOn(world);
    expect(await project.walmq(['setup']).ended).toBe('exit 0');
    const taken = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void taken.close());
    await once(taken, 'listening');
    const { port } = taken.address() as { port: number };
    const inUse = project.walmq(['worker', 'payments', '--port', String(port)]);
    expect(await inUse.ended).toBe('exit 1');
    expect(inUse.output().trim().split('\n').at(-1)).toMatch(
      /^PORT_IN_USE: .* Set WALMQ_PORT to another port/,
    );
    const elsewhere = project.walmq(['worker', 'elsewhere']);
    expect(await elsewhere.ended).toBe('exit 1');
    expect(elsewhere.output().trim()).toBe(
      'QUEUE_UNKNOWN: there is no queue "orders" in the configuration. ' +
        'Add it to walmq.config.ts, whose queues are: payments, mails.',
    );
  });
});
