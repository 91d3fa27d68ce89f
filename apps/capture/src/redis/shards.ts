import { formatPosition, parsePosition, WalmqError } from '@walmq/change';
import { type QueueConfig, shardPrefixes, type WalmqConfig } from '@walmq/config';
import {
  catalogKey,
  checkpointKey,
  connectShard,
  Enqueuer,
  type FormerKeys,
  type ProducerConnection,
  pauseQueue,
  readFormerKeys,
  ShardedEnqueuer,
  type SourceIdentity,
} from '@walmq/fanout';
import type { ProgressEvent } from '../progress/acknowledge.js';
import type { Claimed } from '../progress/prove-history.js';
import type { Emit } from '../telemetry/capture-event.js';
import { connectDurable, unreachable } from './connect-durable.js';
import { watchBacklog } from './watch-backlog.js';

/** The Redis keys and connections of one shard. */
export interface Shard {
  /** BullMQ's key prefix of its queues. */
  readonly prefix: string;
  readonly checkpointKey: string;
  readonly catalogKey: string;
  /** The key that the checkpoint would have, were the database of this name. */
  readonly keyOf: (database: string) => string;
  /** Opens a connection whose server keeps the promise of durability. */
  readonly connect: () => Promise<ProducerConnection>;
  /** Opens a connection for reads, without that check. */
  readonly look: () => ReturnType<typeof connectShard>;
}

export function shardsOf(
  { config, redisUrl, emit }: { config: WalmqConfig; redisUrl: string; emit: Emit },
  source: SourceIdentity,
): Shard[] {
  return shardPrefixes(config.redis).map(prefix => {
    const key = checkpointKey(prefix, source);
    return {
      prefix,
      checkpointKey: key,
      catalogKey: catalogKey(prefix, source),
      keyOf: database => checkpointKey(prefix, { ...source, database }),
      connect: () => connectDurable(redisUrl, { prefix, checkpointKey: key }, config.redis, emit),
      look: () => connectShard(redisUrl, key, config.redis.deadlineMs),
    };
  });
}

/** Pauses a queue in its shard. Rejects with REDIS_UNREACHABLE and REDIS_DENIED. */
export async function pauseIn(shards: readonly Shard[], queue: QueueConfig): Promise<void> {
  const redis = await (shards[queue.shard] as Shard).look();
  try {
    await pauseQueue(redis, queue);
  } catch (cause) {
    const reason = (cause as Error).message;
    throw new WalmqError('REDIS_UNREACHABLE', `the queue "${queue.name}" could not be paused: ${reason}.`, {
      cause,
    });
  } finally {
    redis.disconnect();
  }
}

/** Ordering keys that an older version has left, by the queue's number. Rejects with REDIS_UNREACHABLE and REDIS_DENIED. */
export async function findFormerKeys(
  shards: readonly Shard[],
  config: WalmqConfig,
): Promise<ReadonlyMap<number, FormerKeys>> {
  const queues = Object.values(config.queues);
  const found = new Map<number, FormerKeys>();
  for (const [shard, { checkpointKey, look }] of shards.entries()) {
    const redis = await look();
    try {
      for (const [queue, keys] of await readFormerKeys(redis, { checkpointKey, queues, shard }))
        found.set(queue, keys);
    } catch (cause) {
      throw unreachable(cause);
    } finally {
      redis.disconnect();
    }
  }
  return found;
}

interface OpenOptions {
  readonly config: WalmqConfig;
  readonly shards: readonly Shard[];
  /** Where each shard's checkpoint stands. */
  readonly claimed: readonly Claimed[];
  readonly emit: Emit;
  readonly advance: (event: ProgressEvent) => void;
}

export interface OpenShards {
  readonly enqueuer: ShardedEnqueuer;
  /** Holds the enqueuer while a limit of the backlog is reached, until the signal. */
  watchBacklog(signal: AbortSignal): Promise<void>;
}

/** Pauses are reported when the first shard pauses, and when the last one resumes. */
export function openShards({ config, shards, claimed, emit, advance }: OpenOptions): OpenShards {
  const queues = Object.values(config.queues);
  const { batchChanges, batchBytes, batchesInFlight } = config.capture;
  const pausedShards = new Set<number>();
  const heldShards = new Set<number>();

  const enqueuers = shards.map(
    ({ checkpointKey, connect }, shard) =>
      new Enqueuer({
        connect,
        queues,
        shard,
        checkpointKey,
        position: formatPosition((claimed[shard] as Claimed).checkpoint),
        transaction: (claimed[shard] as Claimed).transaction ?? '',
        limits: { jobs: batchChanges, bytes: batchBytes },
        batchesInFlight,
        onEnqueued: batch => {
          emit({ type: 'batch', jobs: batch.jobs.length });
          advance({ type: 'enqueued', shard, position: parsePosition(batch.ends) });
        },
        onDurable: batch =>
          advance({ type: 'durable', shard, position: parsePosition(batch.ends), nowMs: performance.now() }),
        onPause: (error, retryInMs) => {
          pausedShards.add(shard);
          emit({ type: 'paused', cause: 'redis', error, retryInMs });
        },
        onResume: () => {
          pausedShards.delete(shard);
          if (pausedShards.size === 0) emit({ type: 'resumed', cause: 'redis' });
        },
      }),
  );
  const enqueuer = new ShardedEnqueuer(
    enqueuers,
    queues.map(({ shard }) => shard),
  );
  const watchShard = (one: Enqueuer, shard: number, signal: AbortSignal) =>
    watchBacklog({
      limits: config.capture,
      queues: queues.filter(queue => queue.shard === shard),
      prefix: (shards[shard] as Shard).prefix,
      connect: (shards[shard] as Shard).look,
      signal,
      onPause: reason => {
        one.hold();
        heldShards.add(shard);
        emit({ type: 'paused', cause: 'backlog', reason });
      },
      onResume: () => {
        one.release();
        heldShards.delete(shard);
        if (heldShards.size === 0) emit({ type: 'resumed', cause: 'backlog' });
      },
    });
  return {
    enqueuer,
    async watchBacklog(signal) {
      await Promise.all(enqueuers.map((one, shard) => watchShard(one, shard, signal)));
      // What has been read goes out, whatever the backlog.
      enqueuer.release();
    },
  };
}
