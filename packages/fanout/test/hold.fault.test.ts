import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { type EmbeddedRedis, startRedis } from '@walmq/embedded';
import { Queue } from 'bullmq';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { countHeld, holdKey, readHeld, releaseKey } from '../src/hold/hold-key.js';
import { testEnqueuer, testJob, testQueues } from './enqueuer-fixture.js';

const PROGRAM = join(import.meta.dirname, 'hold-worker-fixture.mjs');
const KEYS = ['a', 'b', 'c', 'd', 'e', 'f'];
const CHANGES = 600;

describe('pausing and resuming keys under load', () => {
  let server: EmbeddedRedis;
  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(() => server.stop());

  it('loses no change and breaks no order, while workers are killed and connections cut', async () => {
    const prefix = 'hold-load';
    const place = { prefix, name: 'orders' };
    const queues = testQueues({
      orders: { table: 'orders', attempts: 1000, backoff: { type: 'fixed', delayMs: 5, jitter: 0 } },
    });
    await using world = await testEnqueuer(server.url, prefix, {
      queues,
      limits: { jobs: 20, bytes: 1_000_000 },
    });
    const { redis } = world;
    const queue = new Queue('orders', { prefix, connection: { url: server.url } });
    onTestFinished(() => queue.close());

    const workers: ChildProcess[] = [];
    const start = () => {
      const child = spawn(process.execPath, [PROGRAM, server.url, prefix], { stdio: 'ignore' });
      workers.push(child);
    };
    const kill = async () => {
      const child = workers.shift();
      const exit = child && once(child, 'exit');
      child?.kill('SIGKILL');
      await exit;
    };
    onTestFinished(async () => {
      while (workers.length > 0) await kill();
    });
    start();
    start();

    const notes = async () =>
      (await redis.lrange(`${prefix}:notes`, 0, -1)).map(
        text => JSON.parse(text) as { n: number; key: string },
      );
    const pause = async (orderingKey: string) =>
      await holdKey(redis, place, { orderingKey, label: { by: 'mia', at: new Date().toISOString() } });

    const paused = new Set<string>();
    for (let n = 1; n <= CHANGES; n++) {
      const key = KEYS[Math.floor(Math.random() * KEYS.length)] as string;
      const job = { ...testJob(n, [key]), data: JSON.stringify({ n, key }) };
      await world.enqueuer.add([job], job.position);
      const chosen = KEYS[n % KEYS.length] as string;
      if (n % 11 === 0) {
        await pause(chosen);
        paused.add(chosen);
      }
      if (n % 17 === 0) {
        await releaseKey(redis, place, chosen);
        paused.delete(chosen);
      }
      if (n % 13 === 0)
        for (const failed of await queue.getFailed()) await failed.retry().catch(() => undefined);
      if (n % 150 === 0) {
        // The enqueuer's connection, the workers' and this test's own are cut.
        await redis.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
        await kill();
        start();
      }
    }
    await world.enqueuer.drain();
    expect(new Set((await readHeld(redis, place)).map(({ orderingKey }) => orderingKey))).toEqual(paused);

    // While all keys are paused and nothing is active or failed, nothing begins.
    for (const key of KEYS) await pause(key);
    await vi.waitUntil(
      async () => {
        for (const failed of await queue.getFailed()) await failed.retry().catch(() => undefined);
        for (const key of KEYS) await pause(key);
        const counts = await queue.getJobCounts('active', 'wait', 'delayed', 'failed');
        return Object.values(counts).every(count => count === 0);
      },
      { timeout: 30_000, interval: 50 },
    );
    const begun = (await notes()).length;
    await queue.add('other', { n: 0, key: 'other' });
    await vi.waitUntil(async () => (await notes()).some(({ n }) => n === 0), { timeout: 20_000 });
    expect((await notes()).length).toBe(begun + 1);

    for (const key of KEYS) await releaseKey(redis, place, key);
    expect(await countHeld(redis, place)).toBe(0);
    await vi.waitUntil(
      async () => {
        for (const failed of await queue.getFailed()) await failed.retry().catch(() => undefined);
        return (await queue.getCompletedCount()) === CHANGES + 1;
      },
      { timeout: 60_000, interval: 50 },
    );
    for (const key of KEYS) {
      const ofKey = (await notes()).flatMap(note => (note.key === key ? [note.n] : []));
      // A change may begin several times, but never after a later one of its key.
      expect(ofKey).toEqual([...ofKey].sort((a, b) => a - b));
    }
  }, 120_000);
});
