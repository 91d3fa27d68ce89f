import { type EmbeddedRedis, startRedis } from '@walmq/embedded';
import { FlowProducer, type JobsOptions, Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { jobOptions, storedOptions } from '../src/job-options.js';
import { testEnqueuer, testJob, testQueues } from './enqueuer-fixture.js';

/** Jobs of a batch in which the script rehearses BullMQ's commands (lua/rehearse.lua). */
const REHEARSED = 40;

/**
 * What a new bullmq has to pass before it may be pinned: after our script, Redis holds what BullMQ's own clients
 * would have left there, key by key and field by field.
 */
describe("the enqueue script leaves what BullMQ's own clients leave", () => {
  let server: EmbeddedRedis;
  let redis: Redis;
  beforeAll(async () => {
    server = await startRedis();
    redis = new Redis(server.url);
  });
  afterAll(async () => {
    redis.disconnect();
    await server.stop();
  });

  const queues = testQueues({
    orders: {
      table: 'orders',
      attempts: 3,
      backoff: { delayMs: 250, jitter: 0 },
      keepCompleted: { count: 7 },
    },
  });
  const options = jobOptions(queues[0] as (typeof queues)[number]);

  it.each([
    ['keys side by side', (n: number) => [`key ${n}`]],
    ['three keys', (n: number) => [`key ${n % 3}`]],
    ['one key', () => ['key']],
    ['no order', () => []],
    ['rows that move between keys', (n: number) => (n % 7 === 0 ? ['a', 'b'] : [n % 2 === 0 ? 'a' : 'b'])],
  ] satisfies [string, (n: number) => string[]][])(
    'in one batch as in batches of one change, whose commands are not rehearsed (%s)',
    async (name, keysOf) => {
      const jobs = Array.from({ length: REHEARSED }, (_, index) => testJob(index + 1, keysOf(index)));
      const [together, apart] = [`together-${name}`, `apart-${name}`];
      for (const [prefix, size] of [
        [together, REHEARSED],
        [apart, 1],
      ] as const) {
        await using world = await testEnqueuer(server.url, prefix, {
          queues,
          limits: { jobs: size, bytes: 1_000_000 },
        });
        for (const job of jobs) await world.enqueuer.add([job], job.position);
        await world.enqueuer.drain();
      }
      expect(await dump(together)).toEqual(await dump(apart));
    },
  );

  it('and asks once for all jobs of a batch whether they exist, as the rehearsal allows', async () => {
    const jobs = Array.from({ length: REHEARSED }, (_, index) => testJob(index + 1, [`key ${index % 20}`]));
    await using world = await testEnqueuer(server.url, 'asked', { queues });
    await redis.config('RESETSTAT');
    for (const job of jobs) await world.enqueuer.add([job], job.position);
    await world.enqueuer.drain();
    const [, calls] = /cmdstat_exists:calls=(\d+)/.exec(await redis.info('commandstats')) ?? [];
    expect(Number(calls)).toBeLessThan(REHEARSED / 4);
  });

  it('of a batch of plain jobs, in a queue at work and in a paused one: queue.addBulk', async () => {
    for (const state of ['open', 'paused']) {
      const [ours, theirs] = [`ours-${state}`, `theirs-${state}`];
      const jobs = Array.from({ length: REHEARSED }, (_, index) => testJob(index + 1));
      for (const prefix of state === 'paused' ? [ours, theirs] : []) {
        const queue = new Queue('orders', { prefix, connection: { url: server.url } });
        await queue.pause();
        await queue.close();
      }
      await using world = await testEnqueuer(server.url, ours, { queues });
      for (const job of jobs) await world.enqueuer.add([job], job.position);
      await world.enqueuer.drain();

      const queue = new Queue('orders', { prefix: theirs, connection: { url: server.url } });
      await queue.addBulk(
        jobs.map(job => ({
          name: job.name,
          data: JSON.parse(job.data),
          opts: { ...options, jobId: job.id },
        })),
      );
      await queue.close();
      expect(await dump(ours)).toEqual(await dump(theirs));
    }
  });

  it.each([
    ['delay', { delay: 3_600_000 }],
    ['priority', { priority: 7 }],
    ['own attempts', { attempts: 2 }],
    ['deduplication', { deduplication: { id: 'once' } }],
    ['deduplication for a time', { deduplication: { id: 'once', ttl: 3_600_000 } }],
  ] satisfies [string, JobsOptions][])(
    'of jobs with options of their own (%s): queue.add',
    async (name, own) => {
      const [ours, theirs] = [`ours-${name}`, `theirs-${name}`];
      const jobs = [testJob(1), testJob(2)];
      await using world = await testEnqueuer(server.url, ours, { queues });
      for (const job of jobs)
        await world.enqueuer.add([{ ...job, options: storedOptions(own) }], job.position);
      await world.enqueuer.drain();

      const queue = new Queue('orders', { prefix: theirs, connection: { url: server.url } });
      for (const job of jobs)
        await queue.add(job.name, JSON.parse(job.data), { ...options, ...own, jobId: job.id });
      await queue.close();
      const [left, right] = [await dump(ours), await dump(theirs)];
      // Scores of delayed jobs are times, with the place within a millisecond in the low bits.
      const withoutTimes = (keys: Record<string, unknown>) =>
        JSON.parse(
          JSON.stringify(keys)
            .replaceAll(/"\d{15,}"/g, '"SCORE"')
            .replaceAll(/"[\d.]+","1"/g, '"1"'),
        );
      expect(withoutTimes(left)).toEqual(withoutTimes(right));
    },
  );

  it('of a plain job: queue.add', async () => {
    const job = testJob(1);
    await using ours = await testEnqueuer(server.url, 'ours-plain', { queues });
    await ours.enqueuer.add([job], job.position);
    await ours.enqueuer.drain();

    const queue = new Queue('orders', { prefix: 'theirs-plain', connection: { url: server.url } });
    await queue.add(job.name, JSON.parse(job.data), { ...options, jobId: job.id });
    await queue.close();

    expect(await dump('ours-plain')).toEqual(await dump('theirs-plain'));
  });

  it('of a job that follows another: FlowProducer.add with the other as its child', async () => {
    const [first, second] = [testJob(1, ['7']), testJob(2, ['7'])];
    await using ours = await testEnqueuer(server.url, 'ours-flow', { queues });
    for (const job of [first, second]) await ours.enqueuer.add([job], job.position);
    await ours.enqueuer.drain();

    const connection = { url: server.url };
    const queue = new Queue('orders', { prefix: 'theirs-flow', connection });
    await queue.add(first.name, JSON.parse(first.data), { ...options, jobId: first.id });
    const flows = new FlowProducer({ prefix: 'theirs-flow', connection });
    await flows.add({
      name: second.name,
      queueName: 'orders',
      data: JSON.parse(second.data),
      opts: { ...options, jobId: second.id },
      children: [{ name: '', queueName: 'orders', opts: { ...options, jobId: first.id } }],
    });
    await Promise.all([queue.close(), flows.close()]);

    expect(await dump('ours-flow')).toEqual(await dump('theirs-flow'));
  });

  it.each([1, REHEARSED])(
    'but for the events of a queue that is to have none (batches of %i)',
    async size => {
      const jobs = Array.from({ length: 2 * REHEARSED }, (_, index) =>
        testJob(index + 1, [`key ${index % 60}`]),
      );
      const [silent, loud] = [`silent-${size}`, `loud-${size}`];
      for (const prefix of [silent, loud]) {
        await using world = await testEnqueuer(server.url, prefix, {
          queues: testQueues({ orders: { table: 'orders', bullmqEvents: prefix === loud } }),
          limits: { jobs: size, bytes: 1_000_000 },
        });
        for (const job of jobs) await world.enqueuer.add([job], job.position);
        await world.enqueuer.drain();
      }
      const left = await dump(silent);
      const { 'P:orders:events': events, ...expected } = await dump(loud);
      expect(events).toContainEqual(expect.arrayContaining(['added']));
      expect(left).toEqual(expected);
    },
  );

  /** Every key under a prefix; times and the client's own mark (meta) left out, as they are no work of the script. */
  async function dump(prefix: string): Promise<Record<string, unknown>> {
    const keys = (await redis.keys(`${prefix}:*`)).sort();
    const own = keys.filter(key => !key.includes(':walmq:') && !key.endsWith(':meta'));
    const entries = await Promise.all(
      own.map(async key => [key.replace(prefix, 'P'), await read(key)] as const),
    );
    return JSON.parse(
      JSON.stringify(Object.fromEntries(entries))
        .replaceAll(prefix, 'P')
        .replaceAll(/\b1[789]\d{11}\b/g, 'TIME'),
    );
  }

  async function read(key: string): Promise<unknown> {
    const type = await redis.type(key);
    switch (type) {
      case 'hash': {
        const hash = await redis.hgetall(key);
        return { ...hash, ...(hash.opts ? { opts: JSON.parse(hash.opts) } : {}) };
      }
      case 'list':
        return await redis.lrange(key, 0, -1);
      case 'set':
        return (await redis.smembers(key)).sort();
      case 'zset':
        return await redis.zrange(key, '0', '-1', 'WITHSCORES');
      case 'stream':
        return (await redis.xrange(key, '-', '+')).map(([, fields]) => fields);
      default:
        return await redis.get(key);
    }
  }
});
