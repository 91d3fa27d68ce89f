import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EmbeddedRedis, startRedis } from '@walmq/embedded';
import { FlowProducer, Queue, UnrecoverableError, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { countParked } from '../src/failures/count-parked.js';
import type { FailureKind } from '../src/failures/failures.js';
import { failedIds, readFailures } from '../src/failures/read-failed.js';
import { type Discarded, discardFailed } from '../src/replay/discard-failed.js';
import { createDiscardFile } from '../src/replay/discard-file.js';
import { type Replayed, replayFailed } from '../src/replay/replay-failed.js';

const KIND: FailureKind = { queue: 'orders', table: 'orders', reason: 'order <n> is broken' };
const idOf = (n: number) => `${String(n).padStart(16, '0')}-0000000001-test`;

let server: EmbeddedRedis;
let redis: Redis;
let queue: Queue;
let folder: string;

beforeAll(async () => {
  server = await startRedis();
  redis = new Redis(server.url, { maxRetriesPerRequest: null });
  queue = new Queue('orders', { connection: redis });
  folder = await mkdtemp(join(tmpdir(), 'walmq-discarded-'));
});
afterAll(async () => {
  await queue.close();
  redis.disconnect();
  await server.stop();
  await rm(folder, { recursive: true });
});
beforeEach(async () => {
  await redis.flushall();
});

/** Failed changes, newest position first, so that the order they failed in is not that of the stream. */
async function fail(count: number): Promise<void> {
  for (let n = count; n >= 1; n -= 1)
    await queue.add('insert', { table: 'orders', after: { id: n } }, { jobId: idOf(n), attempts: 2 });
  const worker = new Worker(
    'orders',
    async job => {
      throw new UnrecoverableError(`order ${job.data.after.id} is broken`);
    },
    { connection: { url: server.url } },
  );
  await vi.waitUntil(async () => (await queue.getFailedCount()) === count, { timeout: 20_000 });
  await worker.close();
}

async function replay(): Promise<Replayed> {
  return await replayFailed({ redis, queue, ids: await failedIds({ redis, queue, filter: { kind: KIND } }) });
}

async function discard(file: string): Promise<Discarded> {
  const ids = await failedIds({ redis, queue, filter: { kind: KIND } });
  const { write, close } = await createDiscardFile(file);
  return await discardFailed({ redis, queue, ids, write }).finally(close);
}

describe('failed changes', () => {
  it('are found by reason, in the order of the stream, beyond one page', async () => {
    await fail(600);
    const { groups } = await readFailures({ redis, queues: [queue] });
    expect(groups.map(({ reason, count }) => [reason, count])).toEqual([['order <n> is broken', 600]]);
    const ids = await failedIds({ redis, queue, filter: { kind: KIND } });
    expect(ids).toHaveLength(600);
    expect(ids).toEqual([...ids].sort());
    expect(await failedIds({ redis, queue, filter: { kind: { ...KIND, reason: 'another' } } })).toEqual([]);
  });

  it('run again once and in order with all their attempts, though two persons replay them at the same time', async () => {
    await fail(5);
    const both = await Promise.all([replay(), replay()]);
    expect(both.reduce((sum, { replayed }) => sum + replayed.length, 0)).toBe(5);
    const done: string[] = [];
    const worker = new Worker('orders', async job => void done.push(`${job.id} ${job.attemptsMade}`), {
      connection: { url: server.url },
    });
    await expect.poll(() => done).toEqual([1, 2, 3, 4, 5].map(n => `${idOf(n)} 0`));
    await worker.close();
  });

  it('count what is parked behind them', async () => {
    await fail(1);
    const flows = new FlowProducer({ connection: redis });
    for (const n of [2, 3])
      await flows.add({
        name: 'update',
        queueName: 'orders',
        opts: { jobId: idOf(n) },
        children: [{ name: 'insert', queueName: 'orders', opts: { jobId: idOf(n - 1) } }],
      });
    expect(await countParked(redis, queue, [idOf(1)])).toBe(2);
    expect(await countParked(redis, queue, [idOf(3)])).toBe(0);
    await flows.close();
  });

  it('are written as they are, for their owner alone, before they are removed', async () => {
    await fail(2);
    const precise = '{"table":"orders","after":{"id":12345678901234567890.10}}';
    await redis.hset(queue.toKey(idOf(1)), 'data', precise);
    const file = join(folder, 'first.jsonl');
    expect(await discard(file)).toEqual({ discarded: 2, gone: 0, left: 0 });
    expect(await queue.getFailedCount()).toBe(0);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const lines = (await readFile(file, 'utf8')).trimEnd().split('\n');
    expect(lines).toHaveLength(2);
    expect(lines[0]).toContain(precise);
    expect(JSON.parse(lines[1] as string)).toMatchObject({
      queue: 'orders',
      id: idOf(2),
      name: 'insert',
      attemptsMade: 1,
      failedReason: 'order 2 is broken',
      data: { after: { id: 2 } },
    });
  });

  it('stay where they are when they cannot be written down', async () => {
    await fail(1);
    const file = join(folder, 'a-file');
    await writeFile(file, '');
    // A folder that is a file, and a file that is there already.
    for (const taken of [join(file, 'x.jsonl'), file])
      await expect(discard(taken)).rejects.toMatchObject({ code: 'DISCARD_NOT_WRITABLE' });
    expect(await queue.getFailedCount()).toBe(1);
  });
});
