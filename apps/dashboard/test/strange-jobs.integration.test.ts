import { type EmbeddedRedis, startRedis } from '@walmq/embedded';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type StartedDashboard, startDashboard } from './dashboard-fixture.js';

const brackets = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
const change = (members: string) => `{"id":"1","op":"insert","table":"orders",${members}}`;

/** What may stand in a job's hash, whoever put it there. */
const STRANGE: Record<string, Record<string, string>> = {
  'deep-event': { data: change(`"key":{"key":1},"after":${brackets(100_000)}`) },
  'deep-key': { data: change(`"key":{"id":${brackets(20_000)}}`) },
  'deep-options': { opts: `{"a":${brackets(20_000)}}` },
  'deep-result': { returnvalue: brackets(20_000), progress: brackets(20_000) },
  'key-with-toString': { data: change('"key":{"id":{"toString":1,"__proto__":{}}}') },
  'key-that-is-text': { data: change('"key":"id"') },
  'no-json': { data: 'not json' },
  'data-of-nothing': { data: 'null' },
  'no-options': { opts: 'null' },
  'options-that-are-none': { opts: '[' },
  'stack-of-numbers': { stacktrace: '[1,[2]]', failedReason: 'x' },
  'no-stack': { stacktrace: '{"a":1}' },
  empty: { name: '' },
};

describe("Bull Board's page of a queue", () => {
  let redis: EmbeddedRedis;
  let client: Redis;
  let dashboard: StartedDashboard;
  let queue: Queue;
  beforeAll(async () => {
    redis = await startRedis();
    client = new Redis(redis.url);
    dashboard = await startDashboard({ REDIS_URL: redis.url });
    queue = new Queue('orders', { connection: { url: redis.url } });
  });
  afterAll(async () => {
    client.disconnect();
    await Promise.all([queue.close(), dashboard.stop()]);
    await redis.stop();
  });

  it('shows the jobs that can be read, whatever others there are', async () => {
    const data = { id: '2', op: 'update', table: 'orders', key: { id: 7, of: [1, 2] } };
    await queue.add('update', data, { jobId: 'good-1' });
    for (const [id, fields] of Object.entries(STRANGE)) {
      await client.hset(`bull:orders:${id}`, {
        name: 'insert',
        data: '{}',
        opts: '{}',
        timestamp: Date.now(),
        delay: 0,
        priority: 0,
        ...fields,
      });
      await client.lpush('bull:orders:wait', id);
    }
    await client.set('bull:orders:of-another-type', 'x');
    await client.lpush('bull:orders:wait', 'of-another-type', 'gone');
    for (const status of ['waiting', 'latest']) {
      const url = `${dashboard.url}/queues/api/queues?activeQueue=orders&status=${status}&page=1&jobsPerPage=50`;
      const answer = await fetch(url);
      expect(answer.status).toBe(200);
      const { queues } = (await answer.json()) as {
        queues: { name: string; jobs: Record<string, unknown>[] }[];
      };
      const jobs = queues.find(({ name }) => name === 'orders')?.jobs ?? [];
      const ids = jobs.map(({ id }) => id).sort();
      expect(ids).toEqual([...Object.keys(STRANGE), 'good-1', 'of-another-type'].sort());
      expect(jobs.find(({ id }) => id === 'good-1')).toMatchObject({
        name: 'update orders id=7 of=[1,2]',
        data,
      });
      expect(jobs.find(({ id }) => id === 'deep-event')?.data).toMatch(/nested deeper/);
    }
    for (const id of ['good-1', ...Object.keys(STRANGE)])
      expect((await fetch(`${dashboard.url}/queues/api/queues/orders/${id}`)).status, id).toBe(200);
  });
});
