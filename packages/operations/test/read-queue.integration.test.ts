import { type EmbeddedRedis, startRedis } from '@walmq/embedded';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readQueues } from '../src/status/read-queue.js';

let server: EmbeddedRedis;
beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server.stop());

it('an event with a priority waits like any other, and may be the oldest', async () => {
  const connection = new Redis(server.url, { maxRetriesPerRequest: null });
  const queue = new Queue('emails', { connection });
  const commitOf = (time: string) => ({ tx: { committedAt: time } });
  await queue.add('paid', commitOf('2020-01-01T00:00:00Z'), { jobId: '0A-1', priority: 3 });
  await queue.add('shipped', commitOf('2025-01-01T00:00:00Z'), { jobId: '0B-1' });

  const [status] = await readQueues(connection, [{ name: 'emails', prefix: 'bull', keepCompleted: {} }]);
  expect(status).toMatchObject({ waiting: 2, active: 0, delayed: 0, parked: 0 });
  const years = (Date.now() - Date.parse('2022-01-01T00:00:00Z')) / 1000;
  expect(status?.oldestSeconds).toBeGreaterThan(years);

  await queue.close();
  connection.disconnect();
});

it('says which change has been put off for longest, and why', async () => {
  const connection = new Redis(server.url, { maxRetriesPerRequest: null });
  const queue = new Queue('mails', { connection });
  const put = async (jobId: string, progress: number | object) => {
    const job = await queue.add('insert', {}, { jobId, delay: 3_600_000 });
    await job.updateProgress(progress);
  };
  await put('0A-1', { postponed: 2, since: new Date(Date.now() - 60_000).toISOString(), reason: 'busy' });
  await put('0B-1', {
    postponed: 9,
    since: '2026-01-01T00:00:00.000Z',
    reason: 'greylisted by smtp://u:p@h',
  });
  await put('0C-1', { half: true });
  await put('0D-1', 50);
  const [status] = await readQueues(connection, [{ name: 'mails', prefix: 'bull', keepCompleted: {} }]);
  expect(status?.postponed).toMatchObject({ times: 9, reason: 'greylisted by smtp://u:***@h' });
  expect(status?.postponed?.seconds).toBeGreaterThan(3600);
  await queue.close();
  connection.disconnect();
});
