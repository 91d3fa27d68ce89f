import { type EmbeddedRedis, startRedis } from '@walmq/embedded';
import { type Job as BullJob, Queue, UnrecoverableError, Worker } from 'bullmq';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { storedOptions } from '../src/job-options.js';
import { testEnqueuer, testJob, testQueues } from './enqueuer-fixture.js';

describe('order per key, as plain BullMQ workers see it', () => {
  let server: EmbeddedRedis;
  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(() => server.stop());

  const queues = testQueues({
    orders: {
      table: 'orders',
      attempts: 6,
      backoff: { type: 'fixed', delayMs: 5, jitter: 0 },
      concurrency: 50,
    },
  });

  /** A plain BullMQ worker that notes what it has completed. */
  function startWorker(prefix: string, handle: (n: number, job: BullJob) => Promise<void>) {
    const done: number[] = [];
    const worker = new Worker<{ n: number }>(
      'orders',
      async job => {
        await handle(job.data.n, job);
        done.push(job.data.n);
      },
      { prefix, connection: { url: server.url }, concurrency: 50 },
    );
    return { done, [Symbol.asyncDispose]: () => worker.close() };
  }

  it('holds through retries and random failures, with keys side by side', async () => {
    await using world = await testEnqueuer(server.url, 'order-retries', { queues });
    const COUNT = 2000;
    const KEYS = 20;
    await using worker = startWorker('order-retries', async (_n, job) => {
      await new Promise(resolve => setImmediate(resolve));
      if (job.attemptsMade < 5 && Math.random() < 0.2) throw new Error('passing');
    });
    for (let n = 1; n <= COUNT; n++) {
      const job = testJob(n, [String(n % KEYS)]);
      await world.enqueuer.add([job], job.position);
    }
    await world.enqueuer.drain();
    await expect.poll(() => worker.done.length, { timeout: 50_000 }).toBe(COUNT);
    for (let key = 0; key < KEYS; key++) {
      const ofKey = worker.done.filter(n => n % KEYS === key);
      expect(ofKey).toEqual([...ofKey].sort((a, b) => a - b));
    }
  });

  it('a change that failed for good parks the later ones of its key alone; retry releases them in order', async () => {
    await using world = await testEnqueuer(server.url, 'order-parked', { queues });
    let broken = true;
    await using worker = startWorker('order-parked', async n => {
      if (n === 2 && broken) throw new UnrecoverableError('broken');
    });
    await enqueue(world, [1, 'a'], [2, 'a'], [3, 'a'], [4, 'b'], [5, 'a'], [6, 'b']);
    const queue = new Queue('orders', { prefix: 'order-parked', connection: { url: server.url } });
    await expect
      .poll(() => queue.getJobCounts('failed', 'waiting-children', 'completed'))
      .toEqual({
        failed: 1,
        'waiting-children': 2,
        completed: 3,
      });
    expect(worker.done.toSorted()).toEqual([1, 4, 6]);
    // What comes later for the parked key waits too, and other keys do not.
    await enqueue(world, [7, 'a'], [8, 'c']);
    await expect.poll(() => worker.done.toSorted()).toEqual([1, 4, 6, 8]);

    broken = false;
    const [failed] = await queue.getFailed();
    await failed?.retry();
    await expect.poll(() => worker.done.slice(-4)).toEqual([2, 3, 5, 7]);
    await queue.close();
  });

  it('removing the failed change discards it and releases the later ones in order', async () => {
    await using world = await testEnqueuer(server.url, 'order-removed', { queues });
    await using worker = startWorker('order-removed', async n => {
      if (n === 1) throw new UnrecoverableError('broken');
    });
    await enqueue(world, [1, 'a'], [2, 'a'], [3, 'a']);
    const queue = new Queue('orders', { prefix: 'order-removed', connection: { url: server.url } });
    await expect.poll(() => queue.getFailedCount()).toBe(1);
    const [failed] = await queue.getFailed();
    await failed?.remove();
    await expect.poll(() => worker.done).toEqual([2, 3]);
    await queue.close();
  });

  it('a change that moves its row between two values waits for both, and both wait for it', async () => {
    await using world = await testEnqueuer(server.url, 'order-moved', { queues });
    let release: () => void = () => undefined;
    const gate = new Promise<void>(resolve => {
      release = resolve;
    });
    await using worker = startWorker('order-moved', async n => {
      if (n === 2) await gate;
    });
    await enqueue(world, [1, 'a'], [2, 'b'], [3, 'a', 'b'], [4, 'b'], [5, 'a'], [6, 'c']);
    await expect.poll(() => worker.done.toSorted()).toEqual([1, 6]);
    release();
    await expect.poll(() => worker.done.length).toBe(6);
    expect(worker.done.indexOf(3)).toBeGreaterThan(worker.done.indexOf(2));
    expect(worker.done.indexOf(4)).toBeGreaterThan(worker.done.indexOf(3));
    expect(worker.done.indexOf(5)).toBeGreaterThan(worker.done.indexOf(3));
  });

  it("a job that BullMQ takes for a duplicate is nobody's predecessor: the next one waits for the one before it", async () => {
    await using world = await testEnqueuer(server.url, 'order-duplicate', { queues });
    const once = storedOptions({ deduplication: { id: 'x' } });
    const jobs = [
      { ...testJob(1, ['a']), options: once },
      { ...testJob(2, ['a']), options: once },
      testJob(3, ['a']),
    ];
    for (const job of jobs) await world.enqueuer.add([job], job.position);
    await world.enqueuer.drain();
    expect(await world.redis.lrange('order-duplicate:orders:wait', 0, -1)).toEqual([jobs[0]?.id]);
    expect(await world.redis.zrange('order-duplicate:orders:waiting-children', '0', '-1')).toEqual([
      jobs[2]?.id,
    ]);
    await using worker = startWorker('order-duplicate', async () => undefined);
    await expect.poll(() => worker.done).toEqual([1, 3]);
  });

  it('a delayed job holds back the later ones of its key, a parked one keeps its own priority', async () => {
    await using world = await testEnqueuer(server.url, 'order-delayed', { queues });
    const jobs = [
      { ...testJob(1, ['a']), options: storedOptions({ delay: 200 }) },
      { ...testJob(2, ['a']), options: storedOptions({ priority: 5 }) },
      testJob(3, ['b']),
    ];
    for (const job of jobs) await world.enqueuer.add([job], job.position);
    await world.enqueuer.drain();
    const states = ['delayed', 'waiting-children'].map(state =>
      world.redis.zcard(`order-delayed:orders:${state}`),
    );
    expect(await Promise.all(states)).toEqual([1, 1]);
    await using worker = startWorker('order-delayed', async () => undefined);
    await expect.poll(() => worker.done).toEqual([3, 1, 2]);
  });

  it('leaves nothing behind once the keys are done', async () => {
    await using world = await testEnqueuer(server.url, 'order-swept', { queues });
    await using worker = startWorker('order-swept', async () => undefined);
    for (let n = 1; n <= 3000; n++) {
      const job = testJob(n, [`key ${n}`]);
      await world.enqueuer.add([job], job.position);
    }
    await world.enqueuer.drain();
    await expect.poll(() => worker.done.length, { timeout: 30_000 }).toBe(3000);
    // What the batches have not swept, the checkpoint's moves on a quiet stream do.
    let lsn = 2000n;
    await expect
      .poll(
        async () => {
          lsn += 1n;
          world.enqueuer.advanceTo({ lsn: lsn as never, seq: 0 });
          world.enqueuer.flushProgress();
          await world.enqueuer.drain();
          return await world.redis.exists('order-swept:orders:walmq:last', 'order-swept:orders:walmq:ring');
        },
        { timeout: 30_000, interval: 5 },
      )
      .toBe(0);
  });

  async function enqueue(
    world: Awaited<ReturnType<typeof testEnqueuer>>,
    ...changes: [n: number, ...keys: string[]][]
  ) {
    for (const [n, ...keys] of changes) {
      const job = testJob(n, keys);
      await world.enqueuer.add([job], job.position);
    }
    await world.enqueuer.drain();
  }
});
