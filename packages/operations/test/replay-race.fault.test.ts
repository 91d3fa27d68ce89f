import { type EmbeddedRedis, startRedis } from '@walmq/embedded';
import { UnrecoverableError } from 'bullmq';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { explainMissing } from '../src/failures/explain-missing.js';
import { failedIds, failedJobs } from '../src/failures/read-failed.js';
import { discardFailed } from '../src/replay/discard-failed.js';
import { chainsOf, followReplayed } from '../src/replay/follow-replayed.js';
import { replayFailed } from '../src/replay/replay-failed.js';
import { changeId, jobId, ReplayWorld } from './replay-fixture.js';

describe('failed changes that others work on at the same time', () => {
  let server: EmbeddedRedis;
  beforeAll(async () => {
    server = await startRedis({ settings: { appendfsync: 'everysec' } });
  });
  afterAll(() => server.stop());

  /** Changes 1 to `count`, each of a key of its own, all failed; the worker is gone. */
  async function allFailed(prefix: string, count: number): Promise<ReplayWorld> {
    const world = new ReplayWorld(server.url, prefix);
    await world.enqueue(Array.from({ length: count }, (_, index) => ({ n: index + 1, keys: [`k${index}`] })));
    const worker = world.work(n => {
      throw new UnrecoverableError(`order ${n} is broken`);
    });
    await expect.poll(() => world.queue.getFailedCount(), { timeout: 60_000 }).toBe(count);
    await worker.close();
    return world;
  }

  it('none is passed over while others are being removed', async () => {
    await using world = await allFailed('scan', 900);
    const { redis, queue } = world;
    const seen = new Set<string>();
    for await (const job of failedJobs({ redis, queue })) {
      seen.add(job.id as string);
      // Somebody removes what has been seen already, which moves the rank of all that has not.
      if (seen.size % 100 === 0) for (const id of seen) await (await queue.getJob(id))?.remove();
    }
    expect(seen.size).toBe(900);
    expect(await queue.getFailedCount()).toBe(0);
  });

  it('one that is retried between being written down and being removed stays', async () => {
    await using world = await allFailed('raced', 3);
    const { redis, queue } = world;
    const written: string[] = [];
    const done = await discardFailed({
      redis,
      queue,
      ids: await failedIds({ redis, queue }),
      async write(lines) {
        written.push(...lines);
        await (await queue.getJob(jobId(2)))?.retry('failed');
      },
    });
    expect(written).toHaveLength(3);
    expect(done).toEqual({ discarded: 2, gone: 1, left: 0 });
    expect(await queue.getJobState(jobId(2))).toBe('waiting');
  });

  it('one that has failed anew since it was written down stays: that failure is not written', async () => {
    await using world = await allFailed('anew', 1);
    const { redis, queue } = world;
    const done = await discardFailed({
      redis,
      queue,
      ids: [jobId(1)],
      async write() {
        await (await queue.getJob(jobId(1)))?.retry('failed');
        const worker = world.work(() => {
          throw new UnrecoverableError('broken otherwise');
        });
        await expect.poll(() => queue.getFailedCount()).toBe(1);
        await worker.close();
      },
    });
    expect(done).toEqual({ discarded: 0, gone: 1, left: 0 });
    expect((await queue.getJob(jobId(1)))?.failedReason).toBe('broken otherwise');
  });

  it('a discard that cannot be written down removes nothing, and says how far it came', async () => {
    await using world = await allFailed('full', 2);
    const { redis, queue } = world;
    const write = () => Promise.reject(new Error('ENOSPC: no space left on device, write'));
    await expect(
      discardFailed({ redis, queue, ids: await failedIds({ redis, queue }), write }),
    ).rejects.toMatchObject({
      code: 'REPLAY_STOPPED',
      message: expect.stringMatching(/^ENOSPC.*, with 0 of 2 failed changes of queue orders discarded\.$/),
    });
    expect(await queue.getFailedCount()).toBe(2);
  });

  it('one that failed for its stalls has all of them anew', async () => {
    await using world = await allFailed('stalls', 1);
    const { redis, queue } = world;
    await redis.hset(queue.toKey(jobId(1)), 'stc', 3);
    expect((await queue.getJob(jobId(1)))?.stalledCounter).toBe(3);
    await replayFailed({ redis, queue, ids: [jobId(1)] });
    expect(await queue.getJob(jobId(1))).toMatchObject({ stalledCounter: 0, attemptsMade: 0 });
  });
});

describe('what became of replayed changes', () => {
  let server: EmbeddedRedis;
  beforeAll(async () => {
    server = await startRedis({ settings: { appendfsync: 'everysec' } });
  });
  afterAll(() => server.stop());

  it('is told to the end of each chain, though no completed change is kept', async () => {
    await using world = new ReplayWorld(server.url, 'chain', { keepCompleted: { count: 0 } });
    const { redis, queue } = world;
    await world.enqueue([1, 2, 3, 4, 5].map(n => ({ n, keys: ['a'] })));
    let broken = [1];
    world.work(n => {
      if (broken.includes(n)) throw new UnrecoverableError('broken');
    });
    await expect.poll(() => queue.getFailedCount()).toBe(1);
    const chains = await chainsOf(redis, queue, [jobId(1)]);
    expect(chains).toEqual([[1, 2, 3, 4, 5].map(jobId)]);
    broken = [4];
    await replayFailed({ redis, queue, ids: [jobId(1)] });
    expect(await followReplayed({ redis, queue, chains })).toEqual({
      completed: 3,
      failed: [jobId(4)],
      parked: 1,
      open: 0,
    });
  });

  it('is told of one that waits for another failed change, which nobody replays', async () => {
    await using world = new ReplayWorld(server.url, 'two-keys');
    const { redis, queue } = world;
    // 3 moves its row from a to b: it waits for both, and 4 and 5 wait for it.
    const moved = [
      ...[1, 2].map(n => ({ n, keys: [n === 1 ? 'a' : 'b'] })),
      { n: 3, keys: ['a', 'b'] },
      ...[4, 5].map(n => ({ n, keys: ['b'] })),
    ];
    await world.enqueue(moved);
    let broken = [1, 2];
    world.work(n => {
      if (broken.includes(n)) throw new UnrecoverableError('broken');
    });
    await expect.poll(() => queue.getFailedCount()).toBe(2);
    broken = [];
    const chains = await chainsOf(redis, queue, [jobId(1)]);
    await replayFailed({ redis, queue, ids: [jobId(1)] });
    expect(await followReplayed({ redis, queue, chains })).toEqual({
      completed: 1,
      failed: [],
      parked: 3,
      open: 0,
    });
    const both = await chainsOf(redis, queue, [jobId(2)]);
    await replayFailed({ redis, queue, ids: [jobId(2)] });
    expect(await followReplayed({ redis, queue, chains: both })).toMatchObject({ completed: 4, open: 0 });
    expect(world.done).toEqual([1, 2, 3, 4, 5]);
  });

  it('an id that has not failed is told by its state, and of a parked one what it waits for', async () => {
    await using world = new ReplayWorld(server.url, 'missing');
    const { redis, queue } = world;
    await world.enqueue([1, 2, 3, 4].map(n => ({ n, keys: [n === 1 ? 'other' : 'a'] })));
    const worker = world.work(n => {
      if (n === 2) throw new UnrecoverableError('broken');
    });
    await expect.poll(() => queue.getJobCounts('failed', 'completed')).toEqual({ failed: 1, completed: 1 });
    await worker.close();
    await world.enqueue([{ n: 5, keys: ['new'] }]);
    const told = async (id: string) => (await explainMissing(redis, [queue], id)).sentence;
    expect(await told(changeId(1))).toMatch(/^ALREADY_COMPLETED: .*later changes of its row may have run/);
    expect(await told(jobId(1))).toMatch(/^ALREADY_COMPLETED: /);
    expect(await told(changeId(4))).toMatch(
      new RegExp(`^NOT_FAILED: .* is parked.*walmq replay --id ${jobId(2)}$`),
    );
    expect(await told(changeId(5))).toMatch(/^NOT_FAILED: .* is waiting, not failed\. It runs by itself/);
    expect(await told('nobody')).toMatch(/^CHANGE_UNKNOWN: no queue holds nobody .*cannot be replayed/);
  });
});
