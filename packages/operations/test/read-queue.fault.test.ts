import { type EmbeddedRedis, startRedis } from '@walmq/embedded';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { readQueues } from '../src/status/read-queue.js';

let server: EmbeddedRedis;
beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server.stop());

it('a connection that is lost in the middle of a look is said by the look alone', async () => {
  const printed = vi.spyOn(console, 'error').mockImplementation(() => undefined);
  const redis = new Redis(server.url, { maxRetriesPerRequest: null, retryStrategy: () => null });
  redis.on('error', () => undefined);
  await redis.ping();
  const admin = new Redis(server.url, { retryStrategy: () => null });
  admin.on('error', () => undefined);
  await admin.client('PAUSE', 60_000, 'ALL');
  const looking = readQueues(redis, [{ name: 'orders', prefix: 'bull', keepCompleted: {} }]);
  await Promise.all([expect(looking).rejects.toThrow(/closed/i), server.kill('SIGKILL')]);
  expect(printed).not.toHaveBeenCalled();
  printed.mockRestore();
});
