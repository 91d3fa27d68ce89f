import type { Change } from '@walmq/change';
import { type EmbeddedRedis, startRedis } from '@walmq/embedded';
import { WAIT } from '@walmq/testing';
import { type Job, Worker } from 'bullmq';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { MovingWorker } from '../src/moves/moving-worker.js';
import { BullmqSide, LOCK_MS, MovesSide, type Side, type SideOptions } from './moves-contract-fixture.js';

/** 'a' to the n-th letter: ids in the order of their jobs. */
const ids = (n: number, letter = 'j') => Array.from({ length: n }, (_, k) => `${letter}${k + 10}`);

/** What is done to a queue; the same on both sides. */
type Story = (side: Side) => Promise<void>;
interface Scenario {
  readonly options?: SideOptions;
  readonly story: Story;
}

const untilPast = (ms: number) => vi.waitFor(() => expect(Date.now()).toBeGreaterThan(ms), WAIT);

async function lockKeys({ redis, prefix, held }: Side): Promise<string[]> {
  const keys = held.map(({ id }) => `${prefix}:orders:${id}:lock`);
  expect(await redis.exists(...keys)).toBe(keys.length);
  return keys;
}

const SCENARIOS: Record<string, Scenario> = {
  'plain jobs, until the queue is drained': {
    async story(side) {
      await side.add(ids(9));
      await side.take(4);
      await side.finish(4);
      await side.finish(2, { more: 3 });
      await side.finish(3);
      await side.finish(2);
    },
  },
  'many jobs, completed in another order than they were taken': {
    async story(side) {
      await side.add(ids(40));
      await side.take(30);
      side.held.push(...side.held.splice(3, 4), ...side.held.splice(0, 2));
      await side.finish(12);
      side.held.reverse();
      await side.finish(9, { isLast: true });
      await side.finish(9, { more: 20 });
      await side.finish(side.held.length);
    },
  },
  'jobs that are completed by a worker that stops': {
    async story(side) {
      await side.add(ids(5));
      await side.take(3);
      await side.finish(2, { isLast: true });
      await side.finish(1, { isLast: true });
      await side.take(2);
      await side.finish(2, { isLast: true });
    },
  },
  ...Object.fromEntries(
    [
      true,
      false,
      0,
      1,
      3,
      { count: 2 },
      { age: 3600 },
      { age: 0 },
      { count: 4, age: 3600 },
      { age: 3600, limit: 2 },
    ].map(removeOnComplete => [
      `retention ${JSON.stringify(removeOnComplete)}`,
      {
        async story(side: Side) {
          await side.add(ids(9), { removeOnComplete });
          await side.take(4);
          await side.finish(4);
          await untilPast(Date.now() + 2);
          await side.finish(4);
          await untilPast(Date.now() + 2);
          await side.finish(1);
        },
      },
    ]),
  ),
  'retention of the worker, and of some jobs': {
    options: { removeOnComplete: { count: 2 } },
    async story(side) {
      await side.add(ids(3));
      await side.add(ids(2, 'k'), { removeOnComplete: true });
      await side.add(ids(3, 'l'), { removeOnComplete: { count: 5 } });
      await side.take(8);
      await side.finish(8);
    },
  },
  ...Object.fromEntries(
    [undefined, true, { count: 1 }].map(removeOnComplete => [
      `chains of parents, retention ${JSON.stringify(removeOnComplete)}`,
      {
        async story(side: Side) {
          const opts = removeOnComplete === undefined ? {} : { removeOnComplete };
          await side.addChain(['a5', 'a4', 'a3', 'a2', 'a1'], opts);
          await side.addChain(['b3', 'b2', 'b1'], opts);
          await side.add(['c1', 'c2'], opts);
          await side.take(10);
          await side.finish(2);
          // Jobs completed in one millisecond have equal scores: which of them is kept would depend on the clock.
          await untilPast(Date.now() + 2);
          await side.finish(2, { more: 5 });
          while (side.held.length > 0) {
            await untilPast(Date.now() + 2);
            await side.finish(side.held.length);
          }
        },
      },
    ]),
  ),
  'parents with several children, a delay, a priority, in another queue': {
    async story(side) {
      const child = (id: string) => ({ name: 'insert', queueName: 'orders', data: {}, opts: { jobId: id } });
      await side.flows.add({
        ...child('p1'),
        children: [child('a1'), child('a2'), child('a3')],
      });
      await side.flows.add({
        ...child('p2'),
        opts: { jobId: 'p2', delay: 3_600_000 },
        children: [child('b1')],
      });
      await side.flows.add({ ...child('p3'), opts: { jobId: 'p3', priority: 3 }, children: [child('d1')] });
      await side.flows.add({ ...child('p4'), queueName: 'emails', children: [child('e1'), child('e2')] });
      await side.take(7);
      await side.finish(5);
      await side.finish(3);
      await side.finish(side.held.length);
    },
  },
  'an old job that is a child of a waiting parent again': {
    async story(side) {
      const { flows, redis, prefix } = side;
      const child = (id: string) => ({ name: 'insert', queueName: 'orders', data: {}, opts: { jobId: id } });
      await flows.add({ ...child('p'), children: [child('a1'), child('a2')] });
      await flows.add({ ...child('q'), queueName: 'emails', children: [child('b1'), child('b2')] });
      await side.take(4);
      await side.finish(4, { isLast: true });
      for (const [parent, id] of [
        ['orders:p', 'a1'],
        ['emails:q', 'b1'],
      ] as const) {
        const [queue] = parent.split(':') as [string];
        await redis.sadd(`${prefix}:${parent}:dependencies`, `${prefix}:orders:${id}`);
        await redis.lrem(`${prefix}:${queue}:wait`, 0, parent.slice(-1));
        await redis.zadd(`${prefix}:${queue}:waiting-children`, 1, parent.slice(-1));
      }
      await untilPast(Date.now() + 2);
      await side.add(['c1'], { removeOnComplete: { count: 1 } });
      await side.take(1);
      await side.finish(1);
    },
  },
  'a parent that is gone': {
    async story(side) {
      await side.addChain(['a2', 'a1']);
      await side.addChain(['b2', 'b1'], { removeOnComplete: true });
      await side.take(2);
      await side.redis.del(`${side.prefix}:orders:a2`, `${side.prefix}:orders:b2`);
      await side.finish(2);
    },
  },
  'prioritized, delayed and lifo jobs': {
    async story(side) {
      await side.add(ids(2));
      await side.add(ids(3, 'p'), { priority: 5 });
      await side.add(ids(2, 'q'), { priority: 2 });
      await side.add(ids(2, 'd'), { delay: 5 });
      await side.add(ids(1, 'e'), { delay: 3_600_000 });
      await side.add(ids(2, 'l'), { lifo: true });
      await untilPast(Date.now() + 10);
      await side.take(3);
      await side.finish(3, { more: 2 });
      while (side.held.length > 0) await side.finish(Math.min(side.held.length, 3));
      await side.take(1);
    },
  },
  'delayed jobs that are due while others are completed, with priorities': {
    async story(side) {
      await side.add(ids(3));
      // Before the delayed ones are added: on a slow machine they could be due by then.
      await side.take(3);
      await side.add(ids(2, 'd'), { delay: 1000 });
      await side.add(ids(2, 'p'), { delay: 1000, priority: 4 });
      await untilPast(Date.now() + 1010);
      await side.finish(3);
      await side.finish(3);
      await side.finish(1);
    },
  },
  'a paused queue': {
    async story(side) {
      await side.add(ids(6));
      await side.addChain(['b2', 'b1']);
      await side.take(3);
      await side.queue.pause();
      await side.finish(2);
      await side.take(2);
      await side.queue.resume();
      await side.finish(1, { more: 4 });
      await side.queue.pause();
      await side.finish(4);
    },
  },
  'a global concurrency': {
    async story(side) {
      await side.queue.setGlobalConcurrency(3);
      await side.add(ids(9));
      await side.take(5);
      await side.finish(2, { more: 3 });
      await side.finish(3);
      await side.finish(1, { isLast: true });
      await side.take(2);
    },
  },
  'a rate limit of the worker': {
    options: { limiter: { max: 3, duration: 3_600_000 } },
    async story(side) {
      await side.add(ids(9));
      await side.take(2);
      await side.finish(2);
      await side.finish(1);
      await side.take(2);
    },
  },
  'a rate limit of the queue': {
    async story(side) {
      await side.queue.setGlobalRateLimit(4, 3_600_000);
      await side.add(ids(9));
      await side.take(3);
      await side.finish(3, { more: 2 });
      await side.finish(1);
    },
  },
  "BullMQ's metrics, and a name of the worker": {
    options: { metrics: { maxDataPoints: 10 }, name: 'first' },
    async story(side) {
      await side.add(ids(5));
      await side.take(3);
      await side.finish(3);
      const [key] = await side.redis.keys(`${side.prefix}:orders:metrics:completed`);
      await side.redis.hset(key as string, 'prevTS', Date.now() - 180_000);
      await side.finish(2);
    },
  },
  'de-duplicated jobs': {
    async story(side) {
      await side.add(['a1'], { deduplication: { id: 'simple' } });
      await side.add(['a2'], { deduplication: { id: 'timed', ttl: 3_600_000 } });
      await side.add(['a3'], { deduplication: { id: 'latest', keepLastIfActive: true } });
      await side.add(['a4'], { deduplication: { id: 'other' }, removeOnComplete: true });
      await side.take(4);
      await side.add(['b1'], { deduplication: { id: 'simple' } });
      await side.add(['b3'], { deduplication: { id: 'latest', keepLastIfActive: true } });
      await side.add(['b4'], { deduplication: { id: 'latest', keepLastIfActive: true } });
      await side.finish(4, { more: 2 });
      while (side.held.length > 0) await side.finish(side.held.length);
    },
  },
  'jobs of a scheduler': {
    async story(side) {
      await side.queue.upsertJobScheduler('nightly', { every: 3_600_000 }, { name: 'insert', data: {} });
      await side.add(ids(2));
      await side.take(3);
      await side.finish(side.held.length);
    },
  },
  'jobs without a lock, with the lock of another, without a hash, not active, with children': {
    async story(side) {
      const { redis, prefix } = side;
      await side.add(ids(9));
      await side.take(6);
      const locks = await lockKeys(side);
      await redis.del(locks[0] as string);
      await redis.set(locks[1] as string, 'of another');
      await redis.del(`${prefix}:orders:j12`);
      await redis.lrem(`${prefix}:orders:active`, 0, 'j13');
      await redis.sadd(`${prefix}:orders:j14:dependencies`, `${prefix}:orders:x`);
      await redis.zadd(`${prefix}:orders:j15:unsuccessful`, 1, `${prefix}:orders:y`);
      await redis.sadd(`${prefix}:orders:stalled`, 'j10', 'j11', 'j12', 'j14');
      await side.take(1);
      await side.finish(7, { isLast: true });
      expect(side.codes).toEqual([-2, -6, -1, -3, -4, -9, undefined]);
    },
  },
  'jobs that the check for stalled jobs has marked': {
    async story(side) {
      await side.add(ids(4));
      await side.take(4);
      await side.redis.sadd(`${side.prefix}:orders:stalled`, 'j10', 'j12', 'j13');
      await side.finish(3);
    },
  },
  'a job that is removed while it waits': {
    async story(side) {
      await side.add(ids(3));
      await side.redis.del(`${side.prefix}:orders:j11`);
      await side.take(1);
      await side.finish(1);
    },
  },
};

/** Jobs whose ids begin with f fail for good, those with r at their first try. */
async function failsAs({ id = '', attemptsMade }: Job<Change>): Promise<unknown> {
  if (id.startsWith('f') || (id.startsWith('r') && attemptsMade === 0))
    throw Object.assign(new Error(`as ${id} does`), { stack: 'where it failed' });
  return { done: id };
}

/** Without the marker for workers where no job waits: BullMQ leaves it, our script does not. */
function withoutIdleMarker(dump: Record<string, unknown>): Record<string, unknown> {
  const { 'P:orders:marker': marker, ...rest } = dump;
  if ('P:orders:wait' in rest || 'P:orders:prioritized' in rest || marker === undefined) return dump;
  const [member, , ...delayed] = marker as string[];
  expect(member).toBe('0');
  return delayed.length > 0 ? { ...rest, 'P:orders:marker': delayed } : rest;
}

/** Without what a worker leaves at a moment: the marker that it had not yet read, its checks, the order of events. */
function atRest(dump: Record<string, unknown>): Record<string, unknown> {
  const { 'P:orders:marker': _marker, 'P:orders:stalled-check': _check, ...rest } = dump;
  const events = rest['P:orders:events'] as string[];
  return {
    ...rest,
    'P:orders:events': events.filter(event => event !== 'event drained').sort(),
    'P:orders:failed': [...(rest['P:orders:failed'] as string[])].sort(),
  };
}

/**
 * What a new bullmq has to pass before it may be pinned: after our script, Redis holds what BullMQ's single scripts would
 * have left there, key by key and field by field.
 */
describe("the moves in batches leave what BullMQ's scripts leave", () => {
  let server: EmbeddedRedis;
  let worlds = 0;
  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(() => server.stop());

  it.each(Object.entries(SCENARIOS))('%s', async (_name, { options = {}, story }) => {
    const world = worlds++;
    await using ours = new MovesSide(server.url, `ours${world}`, options);
    await using theirs = new BullmqSide(server.url, `theirs${world}`, options);
    await story(ours);
    await story(theirs);
    expect(ours.codes).toEqual(theirs.codes);
    expect(ours.held.map(({ id, opts }) => ({ id, opts }))).toEqual(
      theirs.held.map(({ id, opts }) => ({ id, opts })),
    );
    expect(ours.shortages.at(-1)).toEqual(theirs.shortages.at(-1));
    expect(withoutIdleMarker(await ours.dump())).toEqual(withoutIdleMarker(await theirs.dump()));
  });

  it.each(Object.entries(SCENARIOS))('without events, all but these: %s', async (_name, scenario) => {
    const { options = {}, story } = scenario;
    const world = worlds++;
    await using silent = new MovesSide(server.url, `silent${world}`, { ...options, events: false });
    await using ours = new MovesSide(server.url, `loud${world}`, options);
    await story(silent);
    await story(ours);
    expect(silent.codes).toEqual(ours.codes);
    const { 'P:orders:events': events = [], ...left } = await silent.dump();
    const { 'P:orders:events': _events, ...expected } = await ours.dump();
    expect(left).toEqual(expected);
    expect(events).not.toContainEqual(expect.stringMatching(/^event (active|completed|drained) /));
  });

  it('of two workers, after jobs that succeed, fail, are retried, delayed, and wait for each other', async () => {
    const [ours, theirs] = await Promise.all(
      [MovingWorker, Worker<Change>].map(async Contender => {
        const prefix = `worker${worlds++}`;
        await using side = new MovesSide(server.url, prefix, {});
        const retried = { attempts: 3, backoff: { type: 'fixed', delay: 5 } };
        await side.add(ids(5), { ...retried, removeOnComplete: { count: 3 } });
        await side.add(ids(3, 'f'), retried);
        await side.add(ids(2, 'r'), retried);
        await side.add(ids(2, 'd'), { delay: 20 });
        await side.add(ids(2, 'p'), { priority: 4 });
        await side.addChain(['a4', 'a3', 'a2', 'a1'], retried);
        const worker = new Contender('orders', failsAs, {
          connection: side.redis,
          prefix,
          concurrency: 4,
          lockDuration: LOCK_MS,
          events: true,
          autorun: false,
        });
        void worker.run();
        await vi.waitFor(async () => {
          const { completed, failed } = await side.queue.getJobCounts('completed', 'failed');
          expect([completed, failed]).toEqual([3 + 2 + 2 + 2 + 4, 3]);
        }, WAIT);
        await worker.close();
        return atRest(await side.dump());
      }),
    );
    expect(ours).toEqual(theirs);
  });
});
