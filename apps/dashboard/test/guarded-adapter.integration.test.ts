import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EmbeddedPostgres, type EmbeddedRedis, startRedis } from '@walmq/embedded';
import { FlowProducer, Queue, UnrecoverableError, Worker } from 'bullmq';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  fromPage,
  type StartedDashboard,
  startDashboard,
  startLogDatabase,
  withClient,
} from './dashboard-fixture.js';

const WAIT = { timeout: 30_000 };
const IDS = ['k-1', 'k-2', 'k-3'] as const;

describe("Bull Board's actions on a whole queue", () => {
  let redis: EmbeddedRedis;
  let postgres: EmbeddedPostgres;
  let folder: string;
  let dashboard: StartedDashboard;
  let queue: Queue;
  let flows: FlowProducer;

  beforeAll(async () => {
    [redis, postgres] = await Promise.all([startRedis(), startLogDatabase()]);
    folder = await mkdtemp(join(tmpdir(), 'walmq-discarded-'));
    dashboard = await startDashboard({
      REDIS_URL: redis.url,
      DATABASE_URL: postgres.url,
      WALMQ_DISCARDED: folder,
    });
    const connection = { url: redis.url };
    queue = new Queue('orders', { connection });
    flows = new FlowProducer({ connection });
  });
  afterAll(async () => {
    await Promise.all([queue.close(), flows.close(), dashboard.stop()]);
    await Promise.all([redis.stop(), postgres.stop()]);
    await rm(folder, { recursive: true });
  });

  beforeEach(async () => {
    // Older than what Bull Board spares; each waits for the one before, as capture enqueues the changes of a key.
    const timestamp = Date.now() - 3_600_000;
    const job = { name: 'update', queueName: 'orders' };
    await flows.add({
      ...job,
      data: { n: 3 },
      opts: { jobId: 'k-3', timestamp },
      children: [
        {
          ...job,
          data: { n: 2 },
          opts: { jobId: 'k-2', timestamp },
          children: [{ ...job, data: { n: 1 }, opts: { jobId: 'k-1', timestamp } }],
        },
      ],
    });
  });
  afterEach(async () => {
    await queue.obliterate({ force: true });
    await queue.resume();
  });

  const states = async () =>
    Object.fromEntries(await Promise.all(IDS.map(async id => [id, await queue.getJobState(id)])));

  const put = async (path: string) => {
    const answer = await fetch(
      `${dashboard.url}/queues/api/queues/orders/${path}`,
      fromPage(dashboard.url, { method: 'PUT' }),
    );
    return { status: answer.status, text: await answer.text() };
  };

  /** Runs what there is to run; resolves to what has run, once there is nothing more. */
  async function work(fails: boolean, end: () => Promise<boolean>): Promise<string[]> {
    const ran: string[] = [];
    const worker = new Worker(
      'orders',
      async job => {
        ran.push(String(job.id));
        if (fails) throw new UnrecoverableError('broken');
      },
      { connection: { url: redis.url } },
    );
    await expect.poll(end, WAIT).toBe(true);
    await worker.close();
    return ran;
  }

  it('cleaning failed changes writes them down and lets what is parked behind run, in order', async () => {
    await work(true, async () => (await queue.getFailedCount()) === 1);
    expect(await put('clean/failed')).toMatchObject({ status: 200 });
    expect(await states()).toEqual({ 'k-1': 'unknown', 'k-2': 'waiting', 'k-3': 'waiting-children' });
    const [file = ''] = await readdir(folder);
    expect(JSON.parse(await readFile(join(folder, file), 'utf8'))).toMatchObject({
      id: 'k-1',
      data: { n: 1 },
    });
    expect(await work(false, async () => (await queue.getCompletedCount()) === 2)).toEqual(['k-2', 'k-3']);
  });

  it.each(['clean/waiting-children', 'clean/waiting', 'clean/delayed', 'clean/active', 'empty'])(
    '%s is refused: it would take with it what is parked behind',
    async path => {
      const before = await states();
      expect(await put(path)).toEqual({
        status: 409,
        text: expect.stringContaining('parked behind') as string,
      });
      expect(await states()).toEqual(before);
    },
  );

  it('adding a job is refused, a copy of a parked or completed change too', async () => {
    const before = await states();
    const answer = await fetch(
      `${dashboard.url}/queues/api/queues/orders/add`,
      fromPage(dashboard.url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ name: 'update', data: { n: 2 }, options: {} }),
      }),
    );
    expect(answer.status).toBe(409);
    expect(await answer.text()).toContain('a copy would run past');
    expect(await states()).toEqual(before);
    expect((await queue.getJobs()).length).toBe(3);
  });

  it("every action is in the operators' log before it is done, refused ones too", async () => {
    await withClient(postgres.url, client => client.query('TRUNCATE walmq.operator_log'));
    expect(await put('pause')).toMatchObject({ status: 200 });
    expect(await put('k-2/clean')).toMatchObject({ status: 409 });
    expect(await put('resume')).toMatchObject({ status: 200 });
    const { rows } = await withClient(postgres.url, client =>
      client.query(
        'SELECT who, via, action, queue, change_ids, original, outcome, result FROM walmq.operator_log ORDER BY id',
      ),
    );
    const by = { who: 'anyone (no sign-in)', via: 'bull-board', queue: 'orders' };
    expect(rows).toMatchObject([
      { ...by, action: 'pause-queue', outcome: 'done' },
      {
        ...by,
        action: 'remove',
        change_ids: ['k-2'],
        original: '{"n":2}',
        outcome: 'failed',
        result: expect.stringContaining('This change is parked'),
      },
      { ...by, action: 'resume-queue', outcome: 'done' },
    ]);
  });

  it('an action on all failed changes of a queue names them, and their number', async () => {
    const connection = { url: redis.url };
    const inventory = new Queue('inventory', { connection });
    const ids = ['00000000000003E8-0000000001-test', '00000000000003E8-0000000002-test'];
    for (const jobId of ids) await inventory.add('update', {}, { jobId });
    const worker = new Worker('inventory', () => Promise.reject(new UnrecoverableError('no')), {
      connection,
    });
    await expect.poll(() => inventory.getFailedCount()).toBe(2);
    await worker.close();
    await inventory.close();
    await withClient(postgres.url, client => client.query('TRUNCATE walmq.operator_log'));
    const path = `${dashboard.url}/queues/api/queues/inventory/retry/failed`;
    expect((await fetch(path, fromPage(dashboard.url, { method: 'PUT' }))).status).toBe(200);
    const { rows } = await withClient(postgres.url, client =>
      client.query('SELECT action, change_ids, details FROM walmq.operator_log'),
    );
    const changes = ids.map(id => id.replace('-test', ''));
    expect(rows).toMatchObject([{ action: 'retry-queue', change_ids: changes, details: { changes: 2 } }]);
  });

  it('what cannot be logged is not done', async () => {
    await withClient(postgres.url, client => client.query('ALTER TABLE walmq.operator_log RENAME TO away'));
    try {
      expect(await put('pause')).toEqual({
        status: 503,
        text: expect.stringContaining('OPERATOR_LOG_UNAVAILABLE') as string,
      });
      expect(await queue.isPaused()).toBe(false);
    } finally {
      await withClient(postgres.url, client => client.query('ALTER TABLE walmq.away RENAME TO operator_log'));
    }
  });

  it('data of a change is not edited past the checks of a correction', async () => {
    const answer = await fetch(
      `${dashboard.url}/queues/api/queues/orders/k-1/update-data`,
      fromPage(dashboard.url, {
        method: 'PATCH',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ jobData: { n: 9 } }),
      }),
    );
    expect([answer.status, await answer.text()]).toEqual([409, expect.stringContaining('walmq correct')]);
    expect((await queue.getJob('k-1'))?.data).toEqual({ n: 1 });
  });

  it('cleaning completed changes leaves the others', async () => {
    expect(await put('clean/completed')).toMatchObject({ status: 200 });
    expect(await states()).toEqual({
      'k-1': 'waiting',
      'k-2': 'waiting-children',
      'k-3': 'waiting-children',
    });
  });
});
