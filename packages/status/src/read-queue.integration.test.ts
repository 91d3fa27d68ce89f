import { type EmbeddedRedis, startRedis } from '@walmq/embedded';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readQueue } from './read-queue.js';

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

  const status = await readQueue(connection, { name: 'emails', prefix: 'bull', keepCompleted: {} });
  expect(status).toMatchObject({ waiting: 2, active: 0, delayed: 0, parked: 0 });
  const years = (Date.now() - Date.parse('2022-01-01T00:00:00Z')) / 1000;
  expect(status.oldestSeconds).toBeGreaterThan(years);

  await queue.close();
  connection.disconnect();
});
