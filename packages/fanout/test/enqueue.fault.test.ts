import { formatPosition } from '@walmq/change';
import { type EmbeddedRedis, startRedis } from '@walmq/embedded';
import { startNetwork } from '@walmq/testing';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { connectProducer } from '../src/redis/producer.js';
import { testEnqueuer, testJob } from './enqueuer-fixture.js';

describe('enqueueing, with faults', () => {
  let server: EmbeddedRedis;
  let admin: Redis;
  let prefix: string;
  let tests = 0;
  beforeAll(async () => {
    server = await startRedis();
    admin = new Redis(server.url);
  });
  beforeEach(() => {
    prefix = `fault-${tests++}`;
  });
  afterAll(async () => {
    admin.disconnect();
    await server.stop();
  });

  type World = Awaited<ReturnType<typeof testEnqueuer>>;

  async function enqueue(world: World, from: number, to: number): Promise<void> {
    for (let n = from; n <= to; n++) {
      const job = testJob(n, [String(n % 5)]);
      await world.enqueuer.add([job], job.position);
    }
    world.enqueuer.flush();
  }

  /** Every job there is, once each: by id, and by how often BullMQ counted an addition of a new job. */
  async function expectJobs(count: number): Promise<void> {
    const ids = (await admin.keys(`${prefix}:orders:*-test`))
      .map(key => Number(key.split('-').at(-2)))
      .sort((a, b) => a - b);
    expect(ids).toEqual(Array.from({ length: count }, (_, i) => i + 1));
    const events = await admin.xrange(`${prefix}:orders:events`, '-', '+');
    expect(events.filter(([, fields]) => fields[1] === 'added')).toHaveLength(count);
  }

  it('SCRIPT FLUSH at any time loses, repeats and reorders nothing', async () => {
    await using world = await testEnqueuer(server.url, prefix, { limits: { jobs: 10, bytes: 1e6 } });
    for (let round = 0; round < 10; round++) {
      await enqueue(world, round * 20 + 1, round * 20 + 20);
      await admin.script('FLUSH');
    }
    await world.enqueuer.drain();
    await expectJobs(200);
  });

  it.each(['request', 'reply'] as const)(
    'a connection cut at the %s: the checkpoint tells what happened',
    async instant => {
      await using network = await startNetwork(server.port);
      const url = network.url(server.url);
      const said: string[] = [];
      await using world = await testEnqueuer(server.url, prefix, {
        connect: async () => ({ redis: await connectProducer(url), confirm: async () => undefined }),
        limits: { jobs: 10, bytes: 1e6 },
        onEnqueued: ({ jobs }) => said.push(...jobs.map(({ id }) => id)),
      });
      await enqueue(world, 1, 30);
      await world.enqueuer.drain();
      for (let round = 0; round < 10; round++) {
        network.cutAtNext(instant);
        await enqueue(world, 31 + round * 20, 50 + round * 20);
        await world.enqueuer.drain();
      }
      expect(world.pauses.length).toBeGreaterThanOrEqual(10);
      await expectJobs(230);
      expect(said).toEqual(Array.from({ length: 230 }, (_, i) => testJob(i + 1).id));
    },
  );

  it('OOM is a pause: nothing is written by halves, and it goes on when there is memory', async () => {
    await using world = await testEnqueuer(server.url, prefix, { limits: { jobs: 10, bytes: 1e6 } });
    await admin.config('SET', 'maxmemory', '1');
    await enqueue(world, 1, 10);
    await expect.poll(() => world.pauses.length).toBeGreaterThan(1);
    expect(String(world.pauses.at(-1))).toMatch(/OOM/);
    expect(await admin.keys(`${prefix}:orders:*-test`)).toEqual([]);
    await admin.config('SET', 'maxmemory', '0');
    await world.enqueuer.drain();
    await expectJobs(10);
  });

  it('a change larger than Redis takes (proto-max-bulk-len) is named with its size, table and queue', async () => {
    await admin.config('SET', 'proto-max-bulk-len', 1024 * 1024);
    try {
      await using world = await testEnqueuer(server.url, prefix, { limits: { jobs: 10, bytes: 1e6 } });
      const job = testJob(1, ['1']);
      const after = { text: 'x'.repeat(2_000_000) };
      const data = JSON.stringify({ op: 'insert', schema: 'public', table: 'Order Items', after });
      await world.enqueuer.add([{ ...job, data }], job.position);
      await expect(world.enqueuer.drain()).rejects.toMatchObject({
        code: 'ENQUEUE_REFUSED',
        message: expect.stringMatching(
          new RegExp(
            `^change ${job.id} \\(insert of .*Order Items.*\\) takes ${data.length} bytes in queue "orders"`,
          ),
        ),
        remedy: expect.stringContaining('proto-max-bulk-len'),
      });
      await expectJobs(0);
    } finally {
      await admin.config('SET', 'proto-max-bulk-len', 512 * 1024 * 1024);
    }
  });

  it('a server that became a read-only replica is a pause', async () => {
    await using world = await testEnqueuer(server.url, prefix);
    await enqueue(world, 1, 10);
    await world.enqueuer.drain();
    // A replica of nobody, so that it keeps its data.
    await admin.replicaof('127.0.0.1', '1');
    await enqueue(world, 11, 20);
    await expect.poll(() => world.pauses.map(String).join()).toMatch(/READONLY/);
    await admin.replicaof('NO', 'ONE');
    await world.enqueuer.drain();
    await expectJobs(20);
  });

  it('a server killed and started again is a pause (fsync: nothing acknowledged is lost)', async () => {
    await using world = await testEnqueuer(server.url, prefix, { limits: { jobs: 10, bytes: 1e6 } });
    await enqueue(world, 1, 50);
    await server.kill('SIGKILL');
    const load = enqueue(world, 51, 100);
    await server.restart();
    await load;
    await world.enqueuer.drain();
    await expectJobs(100);
  });

  it('a second producer is fenced: none of its batches gets in', async () => {
    await using first = await testEnqueuer(server.url, prefix);
    await using second = await testEnqueuer(server.url, prefix);
    await enqueue(first, 1, 10);
    await first.enqueuer.drain();
    const late = testJob(99);
    await second.enqueuer.add([late], late.position);
    await expect(second.enqueuer.drain()).rejects.toMatchObject({ code: 'CHECKPOINT_MOVED' });
    await expectJobs(10);
  });

  it('a Redis that went back in time is noticed', async () => {
    await using world = await testEnqueuer(server.url, prefix);
    await enqueue(world, 1, 10);
    await world.enqueuer.drain();
    await admin.hset(world.checkpointKey, 'position', formatPosition({ lsn: 5n as never, seq: 0 }));
    const job = testJob(11);
    await world.enqueuer.add([job], job.position);
    await expect(world.enqueuer.drain()).rejects.toMatchObject({ code: 'CHECKPOINT_MOVED' });
  });

  it('what was written but not confirmed durable is confirmed again, never taken for done', async () => {
    let durable = false;
    let confirmations = 0;
    await using world = await testEnqueuer(server.url, prefix, {
      connect: async () => ({
        redis: await connectProducer(server.url),
        confirm: async () => {
          confirmations++;
          if (!durable)
            throw Object.assign(new Error('no replica'), { name: 'ReplyError', message: 'NOREPLICAS' });
        },
      }),
    });
    await enqueue(world, 1, 10);
    await expect.poll(() => confirmations).toBeGreaterThan(2);
    expect(world.answered).toEqual([]);
    durable = true;
    await world.enqueuer.drain();
    expect(world.answered).toHaveLength(1);
    await expectJobs(10);
  });
});
