import { type EmbeddedRedis, startRedis } from '@walmq/embedded';
import { Queue, UnrecoverableError, Worker } from 'bullmq';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type StartedDashboard, startDashboard } from './dashboard-fixture.js';

/** Of a database that nobody can reach, so that every error about it is made. */
const SECRET = 'hunter2-of-the-database';
const DATABASE_URL = `postgres://shop:${SECRET}@127.0.0.1:1/shop`;

let redis: EmbeddedRedis;
let dashboard: StartedDashboard;
let secrets: string[];

beforeAll(async () => {
  redis = await startRedis();
  secrets = [SECRET, new URL(redis.url).password];
  const connection = { url: redis.url };
  const queue = new Queue('orders', { connection });
  const worker = new Worker(
    'orders',
    async job => {
      await job.log(`asking ${DATABASE_URL}`);
      throw new UnrecoverableError(`no answer of ${DATABASE_URL}`);
    },
    { connection },
  );
  await queue.add('insert', {}, { jobId: 'x-1' });
  await vi.waitUntil(async () => (await queue.getFailedCount()) === 1, { timeout: 20_000 });
  await Promise.all([worker.close(), queue.close()]);
  dashboard = await startDashboard({ REDIS_URL: redis.url, DATABASE_URL, LOG_LEVEL: 'trace' });
});
afterAll(async () => {
  await dashboard.stop();
  await redis.stop();
});

const PATHS = [
  '/',
  '/sign-in',
  '/live',
  '/ready',
  '/metrics',
  '/queues',
  '/queues/api/redis/stats',
  '/queues/api/queues?activeQueue=orders&status=failed&page=1&jobsPerPage=10',
  '/queues/api/queues/orders/x-1',
  '/queues/api/queues/orders/x-1/logs',
  '/nothing',
];

async function everything(): Promise<string> {
  const answers = await Promise.all(
    PATHS.map(async path => {
      const answer = await fetch(dashboard.url + path);
      return `${path} ${answer.status} ${JSON.stringify([...answer.headers])} ${await answer.text()}`;
    }),
  );
  return answers.join('\n') + dashboard.output();
}

describe('no password is shown', () => {
  it('while the database cannot be reached and a handler named its address', async () => {
    const shown = await everything();
    for (const secret of secrets) expect(shown).not.toContain(secret);
    expect(shown).toContain('no answer of postgres://shop:***@127.0.0.1:1/shop');
    expect(shown).toContain('asking postgres://shop:***@127.0.0.1:1/shop');
    expect(shown).toContain('DATABASE_UNREACHABLE');
  });

  it('while Redis is away, of which every page tells instead of waiting', async () => {
    await redis.kill('SIGKILL');
    await expect.poll(async () => await (await fetch(dashboard.url)).text()).toContain('REDIS_UNREACHABLE');
    expect((await fetch(`${dashboard.url}/queues/api/queues`)).status).toBe(503);
    expect((await fetch(`${dashboard.url}/ready`)).status).toBe(503);
    const shown = await everything();
    for (const secret of secrets) expect(shown).not.toContain(secret);
    await redis.restart();
    await expect.poll(async () => (await fetch(`${dashboard.url}/queues/api/queues`)).status).toBe(200);
  });
});
