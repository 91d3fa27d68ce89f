import { WalmqError } from '@walmq/change';
import { type ClusterAddress, type HostPort, isDenied, parseRedisUrl } from '@walmq/redis';
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
  const address = parseRedisUrl(url);
  const redis =
    address.kind === 'cluster'
      ? await connectAny(address, deadlineMs)
      : await connectProducer(address, deadlineMs);
  try {
    const at = await nodeOf(redis, checkpointKey);
    if (at === undefined) return redis;
    redis.disconnect();
    return await connectProducer({ ...address, kind: 'server', at }, deadlineMs);
  } catch (error) {
    redis.disconnect();
    throw error;
  }
}

/** Connects to the first node of a cluster that answers. Rejects with the error of the last one. */
async function connectAny(address: ClusterAddress, deadlineMs: number | undefined): Promise<Redis> {
  const failures: unknown[] = [];
  for (const at of address.nodes) {
    try {
      return await connectProducer({ ...address, kind: 'server', at }, deadlineMs);
    } catch (error) {
      failures.push(error);
    }
  }
  throw failures.at(-1);
}

/** Empty if INFO is forbidden. The check of rights reports that (REDIS_DENIED). */
async function clusterInfo(redis: Redis): Promise<string> {
  return await redis.info('cluster').catch((error: Error) => {
    if (isDenied(error)) return '';
    throw error;
  });
}

/** The node that holds the key; undefined outside a cluster. */
async function nodeOf(redis: Redis, key: string): Promise<HostPort | undefined> {
  if (!/^cluster_enabled:1/m.test(await clusterInfo(redis))) return undefined;
  const slot = await redis.cluster('KEYSLOT', key);
  const ranges = (await redis.cluster('SLOTS')) as unknown as SlotRange[];
  const range = ranges.find(([first, last]) => first <= slot && slot <= last);
  if (!range)
    throw new WalmqError('REDIS_UNREACHABLE', `no node of the Redis Cluster holds slot ${slot} at present.`);
  const [host, port] = range[2];
  // A node that does not know its own address replies without one: it is the node of this connection.
  return { host: host || (redis.options.host as string), port };
}
