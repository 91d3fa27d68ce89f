import { formatPosition } from '@walmq/change';
import { parseConfig, resolveConfig, shardPrefixes } from '@walmq/config';
import type { EmbeddedRedis } from '@walmq/embedded';
import { RedisCluster } from '@walmq/testing';
import { type Job as BullJob, Worker } from 'bullmq';
import { Cluster } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Enqueuer } from '../src/enqueue/enqueue.js';
import { ShardedEnqueuer } from '../src/enqueue/shards.js';
import { connectShard } from '../src/redis/connect-shard.js';
import { FIRST_POSITION, testJob } from './enqueuer-fixture.js';

const NAMES = ['orders', 'items', 'stock', 'mails', 'audit', 'sales'];
const SHARDS = 3;

describe('shards on a Redis Cluster', () => {
  let cluster: RedisCluster;
  beforeAll(async () => {
    cluster = await RedisCluster.start(3);
  });
  afterAll(() => cluster.stop());

  const config = resolveConfig(
    parseConfig(
      {
        redis: { prefix: 'shop', shards: SHARDS },
        queues: Object.fromEntries(NAMES.map(name => [name, { table: name }])),
      },
      'test',
    ),
  );
  const queues = Object.values(config.queues);
  const keys = shardPrefixes(config.redis).map(prefix => `${prefix}:walmq:checkpoint:test`);

  it('holds each shard on the node of its hash tag, in order per key, through a slot that moves to another', async () => {
    const pauses: string[] = [];
    const enqueuers: Enqueuer[] = [];
    for (const [shard, checkpointKey] of keys.entries()) {
      const redis = await connectShard(cluster.url, checkpointKey);
      await redis.hset(checkpointKey, 'position', formatPosition(FIRST_POSITION));
      redis.disconnect();
      enqueuers.push(
        new Enqueuer({
          connect: async () => ({
            redis: await connectShard(cluster.url, checkpointKey),
            confirm: async () => undefined,
          }),
          queues,
          shard,
          checkpointKey,
          position: formatPosition(FIRST_POSITION),
          limits: { jobs: 20, bytes: 1_000_000 },
          batchesInFlight: 2,
          onEnqueued: () => undefined,
          onDurable: () => undefined,
          onPause: error => pauses.push(error.message),
          onResume: () => undefined,
        }),
      );
    }
    const enqueuer = new ShardedEnqueuer(
      enqueuers,
      queues.map(({ shard }) => shard),
    );
    const enqueue = async (from: number, to: number) => {
      for (let n = from; n <= to; n++) {
        const job = testJob(n, [`key ${n % 7}`], n % queues.length);
        await enqueuer.add([job], job.position);
      }
      await enqueuer.drain();
    };

    await enqueue(1, 600);
    const holders = await Promise.all(cluster.nodes.map(node => node.dbsize()));
    expect(new Set(queues.map(({ shard }) => shard)).size).toBe(SHARDS);
    expect(holders.filter(size => size > 0).length).toBeGreaterThan(1);

    const to = (holders.indexOf(Math.max(...holders)) + 1) % cluster.nodes.length;
    for (const key of keys) await cluster.moveSlot(key, cluster.primaries[to] as EmbeddedRedis);
    await enqueue(601, 1200);
    expect(pauses.some(message => message.startsWith('MOVED'))).toBe(true);
    enqueuer.close();

    const done = new Map<string, number[]>(NAMES.map(name => [name, []]));
    const connection = new Cluster([cluster.url], {
      redisOptions: { password: new URL(cluster.url).password, maxRetriesPerRequest: null },
    });
    const workers = queues.map(
      ({ name, prefix }) =>
        new Worker(name, async (job: BullJob<{ n: number }>) => done.get(name)?.push(job.data.n), {
          connection,
          prefix,
          concurrency: 20,
        }),
    );
    await vi.waitUntil(() => [...done.values()].flat().length >= 1200, { timeout: 60_000 });
    await Promise.all(workers.map(worker => worker.close()));
    connection.disconnect();
    for (const [place, name] of NAMES.entries()) {
      const numbers = done.get(name) ?? [];
      expect([...numbers].sort((a, b) => a - b)).toEqual(
        Array.from({ length: 1200 }, (_, index) => index + 1).filter(n => n % NAMES.length === place),
      );
      for (let key = 0; key < 7; key++) {
        const ofKey = numbers.filter(n => n % 7 === key);
        expect(ofKey).toEqual([...ofKey].sort((a, b) => a - b));
      }
    }
  });
});
