import { formatPosition, type Position, parsePosition, toLsn } from '@walmq/change';
import { parseConfig, type QueueConfig, resolveConfig, type WalmqConfigInput } from '@walmq/config';
import { Redis } from 'ioredis';
import type { Batch } from '../src/enqueue/batch.js';
import { Enqueuer, type EnqueuerOptions } from '../src/enqueue/enqueue.js';
import type { Job } from '../src/job.js';
import { connectProducer } from '../src/redis/producer.js';

/** For tests: queues by their configuration. */
export function testQueues(queues: WalmqConfigInput['queues']): QueueConfig[] {
  return Object.values(resolveConfig(parseConfig({ queues }, 'test')).queues);
}

export const FIRST_POSITION: Position = { lsn: toLsn(1000n), seq: 0 };

/** For tests: an enqueuer on a real Redis whose checkpoint stands at FIRST_POSITION, and what it did. */
export async function testEnqueuer(url: string, prefix: string, options: Partial<EnqueuerOptions> = {}) {
  const redis = new Redis(url);
  const checkpointKey = `${prefix}:walmq:checkpoint:test`;
  await redis.hsetnx(checkpointKey, 'position', formatPosition(FIRST_POSITION));
  const answered: Batch[] = [];
  const pauses: Error[] = [];
  const position = await redis.hget(checkpointKey, 'position');
  const { queues = testQueues({ orders: { table: 'orders' } }) } = options;
  const enqueuer = new Enqueuer({
    connect: async () => ({ redis: await connectProducer(url), confirm: async () => undefined }),
    shard: 0,
    checkpointKey,
    position: position as string,
    limits: { jobs: 100, bytes: 1_000_000 },
    batchesInFlight: 2,
    onEnqueued: () => undefined,
    onDurable: batch => answered.push(batch),
    onPause: error => pauses.push(error),
    onResume: () => undefined,
    ...options,
    queues: queues.map(queue => ({ ...queue, prefix })),
  });
  return {
    enqueuer,
    redis,
    checkpointKey,
    answered,
    pauses,
    checkpoint: async () => parsePosition((await redis.hget(checkpointKey, 'position')) as string),
    async [Symbol.asyncDispose]() {
      enqueuer.close();
      redis.disconnect();
    },
  };
}

/** The job of the n-th change after FIRST_POSITION. */
export function testJob(
  n: number,
  orderingKeys: readonly string[] = [],
  queue = 0,
): Job & { readonly position: string } {
  const position = formatPosition({ lsn: FIRST_POSITION.lsn, seq: n });
  return {
    queue,
    id: `${position}-test`,
    name: 'update',
    data: JSON.stringify({ n }),
    orderingKeys,
    position,
  };
}
