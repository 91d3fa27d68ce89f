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
      /** `a`: a change of this key. `a>b`: one that moves its row. */
      async enqueue(...keys: string[]) {
        for (const key of keys) {
          const job = testJob(++enqueued, key.split('>'));
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

  it.each([
    // What is enqueued, what is paused, what runs then, and what follows when it is resumed.
    [['a', 'b', 'a>b', 'a', 'b'], 'a', [2], [1, 3, 4, 5]],
    [['a', 'b', 'a>b', 'a', 'b'], 'b', [1], [2, 3, 4, 5]],
    [['a', 'a>b', 'b'], 'b', [1], [2, 3]],
    [['b', 'a>b', 'a'], 'a', [1], [2, 3]],
    [['a>b', 'b>c', 'a', 'c'], 'c', [1], [2, 3, 4]],
    [['a', 'c', 'a>b', 'b>c', 'a', 'c', 'd'], 'a', [2, 7], [1, 3, 4, 5, 6]],
    [['a', 'c', 'a>b', 'b>c', 'a', 'c', 'd'], 'b', [1, 2, 7], [3, 4, 5, 6]],
  ])(
    'with rows that move, %j: pausing %s alone holds the changes of this key alone',
    async (changes, key, first, then) => {
      const { pause, resume, enqueue, run } = await makeQueue();
      await enqueue(...changes);
      await pause(key);
      expect(await run()).toEqual(first);
      await enqueue('x', key);
      expect(await run()).toEqual([changes.length + 1]);
      await pause(key);
      expect(await run()).toEqual([]);
      await resume(key);
      expect((await run()).sort((one, other) => one - other)).toEqual([...then, changes.length + 2]);
    },
  );

  it('with a row that moves and both keys paused: it runs once both are resumed, in whatever order', async () => {
    for (const order of ['ab', 'ba']) {
      const { pause, resume, enqueue, run } = await makeQueue();
      await enqueue('a', 'b', 'a>b', 'a', 'b');
      for (const key of order) await pause(key);
      expect(await run()).toEqual([]);
      await resume('a');
      expect(await run()).toEqual([1]);
      await enqueue('a', 'b');
      expect(await run()).toEqual([]);
      await resume('b');
      expect(await run()).toEqual([2, 3, 4, 5, 6, 7]);
    }
  });

  it('never begins a change of a paused key, keeps every order, and finishes, at random', async () => {
    const keys = ['a', 'b', 'c', 'd'];
    let seed = 42;
    const random = (below: number) => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      return Math.floor((seed / 2_147_483_648) * below);
    };
    const pick = () => keys[random(keys.length)] as string;
    const { pause, resume, enqueue, take, queue } = await makeQueue();
    const changes: string[][] = [];
    const paused = new Set<string>();
    const begun = new Set<number>();
    const done: number[] = [];
    const active: Job<{ n: number }>[] = [];
    const begin = async () => {
      const job = await take();
      if (!job) return false;
      const own = changes[job.data.n - 1] as string[];
      // An attempt that was active when its key was paused may be followed by another one.
      if (!begun.has(job.data.n))
        expect(
          own.filter(key => paused.has(key)),
          `${job.data.n}: ${own}`,
        ).toEqual([]);
      begun.add(job.data.n);
      active.push(job);
      return true;
    };
    const end = async () => {
      const [job] = active.splice(random(active.length), 1);
      if (!job) return;
      await job.moveToCompleted('done', 'token', false);
      done.push(job.data.n);
    };
    for (let step = 0; step < 600; step++) {
      const what = random(10);
      if (what < 4) {
        const own = [...new Set(random(3) === 0 ? [pick(), pick()] : [pick()])];
        changes.push(own);
        await enqueue(own.join('>'));
      } else if (what < 6) await begin();
      else if (what < 8) await end();
      else {
        const key = pick();
        if (paused.delete(key)) await resume(key);
        else {
          await pause(key);
          paused.add(key);
        }
      }
    }
    for (const key of paused) await resume(key);
    paused.clear();
    while (active.length > 0 || (await begin())) await end();
    expect(done.length).toBe(changes.length);
    expect(await queue.getWaitingChildrenCount()).toBe(0);
    for (const key of keys) {
      const ofKey = done.filter(n => changes[n - 1]?.includes(key));
      expect(ofKey, key).toEqual(ofKey.toSorted((one, other) => one - other));
    }
  });

  it('stays paused when nothing but its hold is left, and needs no memory once it is resumed', async () => {
    const { pause, resume, enqueue, run, redis, place, queue } = await makeQueue();
    await enqueue('a');
    await pause('a');
    await pause('a');
    await resume('a');
    expect(await queue.getWaitingChildrenCount()).toBe(0);
    expect(await run()).toEqual([1]);
    expect(await queue.getJobCounts('completed', 'waiting-children')).toEqual({
      completed: 1,
      'waiting-children': 0,
    });
    await pause('a');
    await resume('a');
    expect(await redis.keys(`${place.prefix}:orders:walmq-hold*`)).toEqual([]);
    expect(await redis.exists(`${place.prefix}:orders:walmq:held`)).toBe(0);
  });
});
