import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EmbeddedRedis, startRedis } from '@walmq/embedded';
import { UnrecoverableError } from 'bullmq';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { countParked } from '../src/failures/count-parked.js';
import { failedIds } from '../src/failures/read-failed.js';
import { discardFailed } from '../src/replay/discard-failed.js';
import { createDiscardFile } from '../src/replay/discard-file.js';
import { chainsOf, followReplayed } from '../src/replay/follow-replayed.js';
import { replayFailed } from '../src/replay/replay-failed.js';
import { ReplayWorld, type TestChange } from './replay-fixture.js';

const KEYS = 150;
const CHANGES = 6;

/** Which of its key's changes the n-th of the stream is, from 1. */
const ordinal = (n: number) => Math.floor((n - 1) / KEYS) + 1;
const STREAM: readonly TestChange[] = Array.from({ length: KEYS * CHANGES }, (_, index) => ({
  n: index + 1,
  keys: [String(index % KEYS)],
}));

/** Each key has changes 1 to 6; a worker completes the first, and then the broken handler fails for good. */
describe('order per key through replay', () => {
  let server: EmbeddedRedis;
  beforeAll(async () => {
    server = await startRedis({ settings: { appendfsync: 'everysec' } });
  });
  afterAll(() => server.stop());

  it('hundreds of failed and parked changes, replayed in halves, by two at a time, while workers run', async () => {
    await using world = await failedWorld('replay');
    const { redis, queue, done } = world;
    const ids = await failedIds({ redis, queue });
    expect(ids).toEqual([...ids].sort());
    expect(await countParked(redis, queue, ids)).toBe(KEYS * (CHANGES - 2));

    world.mend();
    const stopping = new AbortController();
    const onProgress = () => stopping.abort();
    const half = await replayFailed({ redis, queue, ids, signal: stopping.signal, onProgress });
    expect(half.gone).toBe(0);
    expect(half.left).toBeGreaterThan(0);
    expect(half.left).toBeLessThan(KEYS);
    const rest = await failedIds({ redis, queue });
    const chains = await chainsOf(redis, queue, rest);
    await using other = new ReplayWorld(server.url, 'replay');
    const both = await Promise.all([
      replayFailed({ redis, queue, ids: rest }),
      replayFailed({ redis: other.redis, queue: other.queue, ids: rest }),
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
    const { redis, queue } = world;
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
    const { redis, queue, done } = world;
    world.mend();
    const ids = await failedIds({ redis, queue });
    const folder = await mkdtemp(join(tmpdir(), 'walmq-replay-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const { write, close } = await createDiscardFile(join(folder, 'discarded.jsonl'));
    expect(await discardFailed({ redis, queue, ids, write })).toMatchObject({ discarded: KEYS, left: 0 });
    await close();
    await expect.poll(() => done.length, { timeout: 60_000 }).toBe(KEYS * (CHANGES - 1));
    expectOrder(done, [1, 3, 4, 5, 6]);
    // What ran before it is still there: it is a child of the discarded one to BullMQ.
    expect(await queue.getCompletedCount()).toBe(KEYS * (CHANGES - 1));
  });

  function expectOrder(done: readonly number[], expected: readonly number[]): void {
    for (let key = 0; key < KEYS; key++)
      expect(done.filter(n => (n - 1) % KEYS === key).map(ordinal)).toEqual(expected);
  }

  async function failedWorld(prefix: string) {
    const world = new ReplayWorld(server.url, prefix);
    await world.enqueue(STREAM);
    let broken = true;
    world.work(n => {
      if (broken && ordinal(n) === 2) throw new UnrecoverableError(`order ${n} is broken`);
    });
    await expect.poll(() => world.queue.getFailedCount(), { timeout: 60_000 }).toBe(KEYS);
    return Object.assign(world, {
      mend: () => {
        broken = false;
      },
    });
  }
});
