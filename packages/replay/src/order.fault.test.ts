import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { positionText } from '@walmq/change';
import { parseConfig, resolveConfig } from '@walmq/config';
import { type EmbeddedRedis, startRedis } from '@walmq/embedded';
import { connectProducer, Enqueuer } from '@walmq/fanout';
import { type Job, Queue, UnrecoverableError, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { countParked } from './count-parked.js';
import { discardFailed } from './discard-failed.js';
import { createDiscardFile } from './discard-file.js';
import { chainsOf, followReplayed } from './follow-replayed.js';
import { failedIds } from './read-failed.js';
import { replayFailed } from './replay-failed.js';

const KEYS = 150;
const CHANGES = 6;
const LSN = '00000000019F2B40';

interface Step {
  readonly key: number;
  readonly n: number;
}

/** Each key has changes 1 to 6; a worker completes the first, and then the broken handler fails for good. */
describe('order per key through replay', () => {
  let server: EmbeddedRedis;
  let redis: Redis;
  beforeAll(async () => {
    server = await startRedis({ settings: { appendfsync: 'everysec' } });
    redis = new Redis(server.url, { maxRetriesPerRequest: null });
  });
  afterAll(async () => {
    redis.disconnect();
    await server.stop();
  });

  it('hundreds of failed and parked changes, replayed in halves, by two at a time, while workers run', async () => {
    await using world = await failedWorld('replay');
    const { queue, done } = world;
    expect(await queue.getFailedCount()).toBe(KEYS);
    const ids = await failedIds({ redis, queue });
    expect(ids).toEqual([...ids].sort());
    expect(await countParked(redis, queue, ids)).toBe(KEYS * (CHANGES - 2));

    world.mend();
    const stopping = new AbortController();
    const half = await replayFailed({
      redis,
      queue,
      ids,
      signal: stopping.signal,
      onProgress: () => stopping.abort(),
    });
    expect(half.gone).toBe(0);
    expect(half.left).toBeGreaterThan(0);
    expect(half.left).toBeLessThan(KEYS);
    const rest = await failedIds({ redis, queue });
    const chains = await chainsOf(redis, queue, rest);
    const both = await Promise.all([
      replayFailed({ redis, queue, ids: rest }),
      replayFailed({ redis, queue, ids: rest }),
    ]);
    expect(both.flatMap(({ replayed }) => replayed).sort()).toEqual(rest);

    const followed = await followReplayed({ redis, queue, chains });
    expect(followed).toEqual({ completed: rest.length * (CHANGES - 1), failed: [], parked: 0, open: 0 });
    await expect.poll(() => done.length, { timeout: 60_000 }).toBe(KEYS * CHANGES);
    expectOrder(done, [1, 2, 3, 4, 5, 6]);
    expect(await queue.getWaitingChildrenCount()).toBe(0);
  });

  it('changes that fail once more wait again, with what is behind them; --wait tells', async () => {
    await using world = await failedWorld('again');
    const { queue } = world;
    const ids = await failedIds({ redis, queue });
    const chains = await chainsOf(redis, queue, ids);
    await replayFailed({ redis, queue, ids });
    const followed = await followReplayed({ redis, queue, chains });
    expect([...followed.failed].sort()).toEqual(ids);
    expect(followed).toMatchObject({ completed: 0, parked: KEYS * (CHANGES - 2), open: 0 });
    expect(await queue.getWaitingChildrenCount()).toBe(KEYS * (CHANGES - 2));
  });

  it("a discarded change is missing from its key's history, and the rest runs in order", async () => {
    await using world = await failedWorld('discard');
    const { queue, done } = world;
    world.mend();
    const ids = await failedIds({ redis, queue });
    const folder = await mkdtemp(join(tmpdir(), 'walmq-replay-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const { write, close } = await createDiscardFile(join(folder, 'discarded.jsonl'));
    expect(await discardFailed({ redis, queue, ids, write })).toMatchObject({ discarded: KEYS, left: 0 });
    await close();
    await expect.poll(() => done.length, { timeout: 60_000 }).toBe(KEYS * (CHANGES - 1));
    expectOrder(done, [1, 3, 4, 5, 6]);
  });

  function expectOrder(done: readonly Step[], expected: readonly number[]): void {
    for (let key = 0; key < KEYS; key++)
      expect(done.filter(step => step.key === key).map(({ n }) => n)).toEqual(expected);
  }

  async function failedWorld(prefix: string) {
    await enqueue(prefix);
    const queue = new Queue<Step>('orders', { prefix, connection: redis });
    const done: Step[] = [];
    let broken = true;
    const worker = new Worker<Step>(
      'orders',
      async (job: Job<Step>) => {
        if (broken && job.data.n === 2) throw new UnrecoverableError(`order ${job.data.key} is broken`);
        done.push(job.data);
      },
      { prefix, connection: { url: server.url }, concurrency: 30 },
    );
    await expect.poll(() => queue.getFailedCount(), { timeout: 60_000 }).toBe(KEYS);
    return {
      queue,
      done,
      mend: () => {
        broken = false;
      },
      async [Symbol.asyncDispose]() {
        await worker.close();
        await queue.close();
      },
    };
  }

  /** As capture does. */
  async function enqueue(prefix: string): Promise<void> {
    const checkpointKey = `${prefix}:walmq:checkpoint:test`;
    const start = positionText(LSN, 0);
    await redis.hset(checkpointKey, 'position', start);
    const { queues } = resolveConfig(
      parseConfig({ redis: { prefix }, queues: { orders: { table: 'orders' } } }, 'test'),
    );
    const enqueuer = new Enqueuer({
      connect: async () => ({ redis: await connectProducer(server.url), confirm: async () => undefined }),
      queues: Object.values(queues),
      shard: 0,
      checkpointKey,
      position: start,
      limits: { jobs: 100, bytes: 1_000_000 },
      batchesInFlight: 2,
      onEnqueued: () => undefined,
      onDurable: () => undefined,
      onPause: () => undefined,
      onResume: () => undefined,
    });
    for (let index = 0; index < KEYS * CHANGES; index++) {
      const position = positionText(LSN, index + 1);
      const [key, n] = [index % KEYS, Math.floor(index / KEYS) + 1];
      const data = JSON.stringify({ key, n });
      const job = { queue: 0, id: `${position}-test`, name: 'update', data, orderingKeys: [String(key)] };
      if (!enqueuer.add([job], position)) await enqueuer.room();
    }
    await enqueuer.drain();
    enqueuer.close();
  }
});
