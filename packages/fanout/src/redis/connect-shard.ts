import { WalmqError } from '@walmq/change';
import { isDenied } from '@walmq/redis';
import type { Redis } from 'ioredis';
import { connectProducer } from './producer.js';

/** Entry of CLUSTER SLOTS: first slot, last slot, the master's [address, port, ...], its replicas. */
type SlotRange = readonly [
  first: number,
  last: number,
  master: readonly [string | null, number],
  ...unknown[],
];

/**
 * A connection for a shard's batches: to the server of the URL or, in a Redis Cluster, to the node that holds the shard's
 * keys now. After a slot moved, the old node replies MOVED, and the next connection goes to the new node.
 * Rejects as connectProducer does, and with REDIS_UNREACHABLE while no node holds the keys.
 */
export async function connectShard(url: string, checkpointKey: string, deadlineMs?: number): Promise<Redis> {
  // redis+cluster:// marks a cluster for other clients. This connection goes to one node.
  const seed = url.replace('+cluster:', ':');
  const redis = await connectProducer(seed, deadlineMs);
  try {
    const node = await nodeOf(redis, seed, checkpointKey);
    if (node === undefined) return redis;
    redis.disconnect();
    return await connectProducer(node, deadlineMs);
  } catch (error) {
    redis.disconnect();
    throw error;
  }
}

/** Empty if INFO is forbidden. The check of rights reports that (REDIS_DENIED). */
async function clusterInfo(redis: Redis): Promise<string> {
  return await redis.info('cluster').catch((error: Error) => {
    if (isDenied(error)) return '';
    throw error;
  });
}

/** URL of the node that holds the key; undefined outside a cluster. */
async function nodeOf(redis: Redis, url: string, key: string): Promise<string | undefined> {
  if (!/^cluster_enabled:1/m.test(await clusterInfo(redis))) return undefined;
  const slot = await redis.cluster('KEYSLOT', key);
  const ranges = (await redis.cluster('SLOTS')) as unknown as SlotRange[];
  const range = ranges.find(([first, last]) => first <= slot && slot <= last);
  if (!range)
    throw new WalmqError('REDIS_UNREACHABLE', `no node of the Redis Cluster holds slot ${slot} at present.`);
  const [address, port] = range[2];
  const node = new URL(url);
  // A node that does not know its own address replies without one: it is the node of this connection.
  if (address) node.hostname = address.includes(':') ? `[${address}]` : address;
  node.port = String(port);
  return node.href;
}
