import { RedisCluster } from '@walmq/testing';
import type { Cluster, Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parseRedisUrl } from '../src/address/parse-address.js';
import { openRedis } from '../src/open.js';

let cluster: RedisCluster;
beforeAll(async () => {
  cluster = await RedisCluster.start(3);
});
afterAll(() => cluster.stop());

it('a client that reconnects while nodes say MOVED comes back', async () => {
  const redis = openRedis(parseRedisUrl(cluster.clusterUrl), {
    connectionName: 'test',
    maxRetriesPerRequest: null,
    retryStrategy: () => 20,
  });
  redis.on('error', () => undefined);
  try {
    for (let n = 0; n < 20; n++) {
      await redis.set(`key${n}`, '0');
      // As after a failover or a moved slot: the client asks the wrong node, whose reply arrives after the disconnection.
      misplaceSlots(redis as unknown as Cluster);
      const under = Promise.allSettled([redis.incr(`key${n}`), redis.incr(`key${n}`)]);
      redis.disconnect(true);
      // The client comes back. A command of before may be rejected, as ever at a lost connection; MOVED proves that it did not run.
      await expect(redis.incr(`key${n}`)).resolves.toBeTypeOf('number');
      const done = (await under).filter(({ status }) => status === 'fulfilled').length;
      await expect(redis.get(`key${n}`)).resolves.toBe(String(done + 1));
    }
  } finally {
    redis.disconnect();
  }
});

it('who connects while the cluster is down is told when it is up', async () => {
  // Every node forgets whose slot 0 is; then it is given back to its first node, and the others hear of it.
  const [first] = cluster.nodes as [Redis];
  const each = (...command: [string, ...(string | number)[]]) =>
    Promise.all(cluster.nodes.map(node => node.call(...command)));
  await each('CLUSTER', 'DELSLOTS', 0);
  await expect.poll(async () => String(await each('CLUSTER', 'INFO'))).not.toContain('cluster_state:ok');
  const redis = openRedis(parseRedisUrl(cluster.clusterUrl), {
    connectionName: 'test',
    maxRetriesPerRequest: null,
    lazyConnect: true,
    retryStrategy: () => 20,
  });
  redis.on('error', () => undefined);
  try {
    const again = new Promise(resolve => redis.once('reconnecting', resolve));
    const connected = redis.connect();
    await again;
    await first.call('CLUSTER', 'ADDSLOTS', 0);
    await connected;
    expect(redis.status).toBe('ready');
    await expect.poll(async () => String(await each('CLUSTER', 'INFO'))).not.toContain('cluster_state:fail');
  } finally {
    redis.disconnect();
  }
});

it('a client that waits for its next attempt ends when it is closed', async () => {
  const redis = openRedis(parseRedisUrl('redis+cluster://127.0.0.1:1'), {
    connectionName: 'test',
    maxRetriesPerRequest: null,
    retryStrategy: () => 60_000,
  });
  redis.on('error', () => undefined);
  await new Promise(resolve => redis.once('reconnecting', resolve));
  const ended = new Promise(resolve => redis.once('end', resolve));
  redis.disconnect();
  await ended;
  expect(redis.status).toBe('end');
});

it('a client that has ended stays so, while its nodes end one after the other', async () => {
  const redis = openRedis(parseRedisUrl(cluster.clusterUrl), {
    connectionName: 'test',
    maxRetriesPerRequest: null,
    retryStrategy: () => 20,
  });
  await Promise.all(Array.from({ length: 30 }, (_, n) => redis.get(`key${n}`))); // every node is connected
  let open = (redis as unknown as Cluster).nodes().length;
  const ended = new Promise<void>(resolve => {
    redis.on('-node', () => {
      open -= 1;
      if (open === 0) resolve();
    });
  });
  redis.disconnect();
  await ended;
  await expect(redis.get('key')).rejects.toThrow('Connection is closed.');
});

/** Gives each slot in the client's own table the node after the right one. */
function misplaceSlots(client: Cluster): void {
  const nodes = client.nodes('master').map(({ options: { host, port } }) => `${host}:${port}`);
  for (const [slot, [key]] of client.slots.entries())
    client.slots[slot] = [nodes[(nodes.indexOf(key as string) + 1) % nodes.length] as string];
}
