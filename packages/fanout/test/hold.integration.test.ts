import { type EmbeddedRedis, startRedis } from '@walmq/embedded';
import { type Job, Queue, UnrecoverableError, Worker } from 'bullmq';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { countHeld, type HoldLabel, holdKey, readHeld, releaseKey } from '../src/hold/hold-key.js';
import { testEnqueuer, testJob, testQueues } from './enqueuer-fixture.js';

const LABEL: HoldLabel = {
  key: 'orders id=1',
  by: 'mia',
  reason: 'wrong price',
  at: '2026-01-31T10:00:00.000Z',
};

describe('a paused key', () => {
  let server: EmbeddedRedis;
  let runs = 0;
  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(() => server.stop());

  const queues = testQueues({
    orders: { table: 'orders', attempts: 3, backoff: { type: 'fixed', delayMs: 0, jitter: 0 } },
  });

  /** A queue with the real enqueuer. Jobs are taken by hand, as any worker of BullMQ takes them. */
  async function makeQueue() {
    const prefix = `hold-${runs++}`;
    const place = { prefix, name: 'orders' };
    const connection = { url: server.url };
    const open = async () => {
      const world = await testEnqueuer(server.url, prefix, { queues });
      onTestFinished(() => world[Symbol.asyncDispose]());
      return world;
    };
    let world = await open();
    const queue = new Queue<{ n: number }>('orders', { prefix, connection });
    const worker = new Worker<{ n: number }>('orders', null, { prefix, connection, autorun: false });
    onTestFinished(async () => {
      await Promise.all([queue.close(), worker.close()]);
    });
    let enqueued = 0;
    const take = async () =>
      (await worker.getNextJob('token', { block: false })) as Job<{ n: number }> | undefined;
    return {
      redis: world.redis,
      place,
      queue,
      async enqueue(...keys: string[]) {
        for (const key of keys) {
          const job = testJob(++enqueued, [key]);
          await world.enqueuer.add([job], job.position);
        }
        await world.enqueuer.drain();
      },
      restartCapture: async () => {
        world.enqueuer.close();
        world = await open();
      },
      take,
      /** Takes and completes what is offered, until nothing is. */
      async run() {
        const done: number[] = [];
        for (let job = await take(); job; job = await take()) {
          await job.moveToCompleted('done', 'token', false);
          done.push(job.data.n);
        }
        return done;
      },
      pause: (orderingKey: string) => holdKey(world.redis, place, { orderingKey, label: LABEL }),
      resume: (orderingKey: string) => releaseKey(world.redis, place, orderingKey),
    };
  }

  it('without a change now: later ones wait, other keys run; a new capture does not change that', async () => {
    const { pause, resume, enqueue, run, restartCapture, place, redis } = await makeQueue();
    expect(await pause('a')).toEqual({ wasHeld: false, head: undefined });
    await enqueue('a', 'b', 'a');
    expect(await run()).toEqual([2]);
    await restartCapture();
    await enqueue('a', 'b');
    expect(await run()).toEqual([5]);
    expect(await readHeld(redis, place)).toEqual([{ ...LABEL, orderingKey: 'a' }]);
    expect(await resume('a')).toEqual({ ready: testJob(1).id });
    expect(await run()).toEqual([1, 3, 4]);
    expect(await countHeld(redis, place)).toBe(0);
    expect(await resume('a')).toBeUndefined();
  });

  it('with waiting and parked changes: all of them wait', async () => {
    const { pause, resume, enqueue, run, queue } = await makeQueue();
    await enqueue('a', 'a', 'b', 'a');
    expect(await pause('a')).toEqual({ wasHeld: false, head: { id: testJob(1).id, state: 'wait' } });
    expect(await run()).toEqual([3]);
    // The hold and the three changes.
    expect(await queue.getWaitingChildrenCount()).toBe(4);
    await resume('a');
    expect(await run()).toEqual([1, 2, 4]);
  });

  it('with an active change: it ends, and what comes after waits; paused again, its next attempt waits too', async () => {
    const { pause, resume, enqueue, run, take } = await makeQueue();
    await enqueue('a', 'a');
    const job = await take();
    expect(await pause('a')).toEqual({ wasHeld: false, head: { id: testJob(1).id, state: 'active' } });
    await enqueue('a');
    await job?.moveToFailed(new Error('passing'), 'token');
    expect(await pause('a')).toMatchObject({ wasHeld: true, head: { id: testJob(1).id } });
    expect(await run()).toEqual([]);
    await resume('a');
    expect(await run()).toEqual([1, 2, 3]);
  });

  it('with an active change and nothing behind it', async () => {
    const { pause, resume, enqueue, run, take } = await makeQueue();
    await enqueue('a');
    const job = await take();
    await pause('a');
    await enqueue('a');
    await job?.moveToCompleted('done', 'token', false);
    expect(await run()).toEqual([]);
    await resume('a');
    expect(await run()).toEqual([2]);
  });

  it('with a failed change: a retry runs it alone, a removal releases nothing', async () => {
    const { pause, resume, enqueue, run, take, queue } = await makeQueue();
    for (const key of ['a', 'b']) {
      await enqueue(key, key);
      await (await take())?.moveToFailed(new UnrecoverableError('broken'), 'token');
      expect(await pause(key)).toMatchObject({ head: { state: 'failed' } });
    }
    await (await queue.getJob(testJob(1).id))?.retry();
    await (await queue.getJob(testJob(3).id))?.remove({ removeChildren: false });
    expect(await run()).toEqual([1]);
    await resume('a');
    await resume('b');
    expect((await run()).sort()).toEqual([2, 4]);
  });

  it('keeps the time and the priority that a change asked for', async () => {
    const { pause, resume, queue, redis, place, run } = await makeQueue();
    const world = await testEnqueuer(server.url, place.prefix, { queues });
    onTestFinished(() => world[Symbol.asyncDispose]());
    const delayed = { ...testJob(1, ['a']), options: JSON.stringify({ delay: 3_600_000 }) };
    const prioritized = { ...testJob(2, ['b']), options: JSON.stringify({ priority: 7 }) };
    await world.enqueuer.add([delayed, prioritized], prioritized.position);
    await world.enqueuer.drain();
    const due = await redis.zscore(queue.toKey('delayed'), delayed.id);
    expect(await pause('a')).toMatchObject({ head: { state: 'delayed' } });
    expect(await pause('b')).toMatchObject({ head: { state: 'prioritized' } });
    expect(await run()).toEqual([]);
    await resume('a');
    await resume('b');
    const dueAgain = await redis.zscore(queue.toKey('delayed'), delayed.id);
    // BullMQ counts in units of 1/4096 ms; the time is the same to the millisecond.
    expect(Math.floor(Number(dueAgain) / 4096)).toBe(Math.floor(Number(due) / 4096));
    expect(await queue.getPrioritizedCount()).toBe(1);
    expect(await run()).toEqual([2]);
  });

  it('stays paused when nothing but its hold is left, and needs no memory once it is resumed', async () => {
    const { pause, resume, enqueue, run, redis, place } = await makeQueue();
    await enqueue('a');
    await pause('a');
    await pause('a');
    await resume('a');
    expect(await run()).toEqual([1]);
    await pause('a');
    await resume('a');
    expect(await redis.keys(`${place.prefix}:orders:walmq-hold*`)).toEqual([]);
    expect(await redis.exists(`${place.prefix}:orders:walmq:held`)).toBe(0);
  });
});
