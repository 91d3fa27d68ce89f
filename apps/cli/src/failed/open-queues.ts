import type { WalmqConfig } from '@walmq/config';
import { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { type CommandIo, configOf, redisUrlOf } from '../terminal/command.js';
import { connectRedis, lostOr } from '../terminal/connect.js';
import { type FilterOptions, queueNames } from './options.js';

export interface OpenQueues {
  readonly config: WalmqConfig;
  readonly redis: Redis;
  readonly queues: readonly Queue[];
}

/**
 * Runs `act` on the chosen queues. Rejects with QUEUE_UNKNOWN, ENVIRONMENT_INVALID or REDIS_UNREACHABLE.
 */
export async function withQueues<T>(
  io: CommandIo,
  options: FilterOptions,
  act: (open: OpenQueues) => Promise<T>,
): Promise<T> {
  const config = await configOf(io);
  const names = queueNames(options, config);
  const redis = await connectRedis(redisUrlOf(io, config));
  const queues = names.map(name => openQueue(redis, config, name));
  try {
    return await act({ config, redis, queues });
  } catch (error) {
    throw lostOr(redis, error);
  } finally {
    await Promise.all(queues.map(queue => queue.close()));
    redis.disconnect();
  }
}

/** Opens a queue without writing its metadata, because other processes own the queue. */
function openQueue(redis: Redis, config: WalmqConfig, name: string): Queue {
  const { prefix } = config.queues[name] as WalmqConfig['queues'][string];
  const queue = new Queue(name, { connection: redis, prefix, skipMetasUpdate: true, skipVersionCheck: true });
  // The running command rejects with the same error.
  queue.on('error', () => undefined);
  return queue;
}
