import type { QueueConfig } from '@walmq/config';
import { type EmbeddedRedis, startRedis } from '@walmq/embedded';
import { Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readBacklog } from '../src/redis/backlog.js';

let server: EmbeddedRedis;
beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server.stop());

it('counts every unfinished job of a queue, whatever it waits for', async () => {
  const connection = new Redis(server.url, { maxRetriesPerRequest: null });
  const queue = new Queue('emails', { connection });
  const worker = new Worker('emails', () => new Promise(() => {}), { connection, concurrency: 1 });
  await queue.add('running', {});
  await expect.poll(() => queue.getActiveCount()).toBe(1);
  await queue.add('waiting', {});
  await queue.add('later', {}, { delay: 3_600_000 });
  await queue.add('first', {}, { priority: 1 });
  await connection.zadd(queue.toKey('waiting-children'), 0, 'parked');
  await connection.zadd(queue.toKey('completed'), 0, 'done');
  await connection.zadd(queue.toKey('failed'), 0, 'failed');

  const { depths } = await readBacklog(connection, [{ name: 'emails', prefix: 'bull' } as QueueConfig]);
  expect(depths.get('emails')).toBe(5);

  await worker.close(true);
  await queue.close();
  connection.disconnect();
});
