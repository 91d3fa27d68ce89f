import { shardPrefixes } from '@walmq/config';
import { type EmbeddedPostgres, type EmbeddedRedis, startPostgres } from '@walmq/embedded';
import { RedisCluster } from '@walmq/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Steps } from './redis-steps-fixture.js';

let postgres: EmbeddedPostgres;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.stop());

it('a Redis Cluster whose slots move and whose nodes fail, under load: nothing lost, nothing twice, in order', async () => {
  await using cluster = await RedisCluster.start(3, 1);
  const redis = { shards: 2, prefix: 'cluster' };
  await using steps = await Steps.create('cluster', {
    postgres,
    redisUrl: cluster.clusterUrl,
    lookAt: cluster.primaries[0] as EmbeddedRedis,
    redis,
  });
  const shards = shardPrefixes(redis);
  const capture = await steps.startCapture();
  const worker = await steps.startWorker();
  steps.write();
  await steps.made(50);

  // Each shard moves to the next node, while both are read and written.
  for (const shard of shards) {
    const holder = await cluster.holderOf(shard);
    const next = cluster.primaries[(cluster.primaries.indexOf(holder) + 1) % 3] as EmbeddedRedis;
    await cluster.moveSlot(shard, next);
    expect(await cluster.holderOf(shard)).toBe(next);
    await steps.made(50);
  }
  for (const shard of shards) {
    const { killed } = await cluster.killHolderOf(shard);
    await steps.made(50);
    await killed.restart();
    await cluster.untilReplicated();
  }
  await steps.finish();
  expect(await capture.end('SIGTERM')).toBe(0);
  expect(await worker.end('SIGTERM')).toBe('exit 0');
});
