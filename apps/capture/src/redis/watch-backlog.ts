import type { QueueConfig } from '@walmq/config';
import { type BacklogLimits, backlogVerdict, readBacklog } from '@walmq/fanout';
import { requirePrimary } from '@walmq/redis';
import { poll } from '@walmq/runtime';
import type { Redis } from 'ioredis';

export interface WatchBacklogOptions {
  readonly limits: BacklogLimits;
  readonly queues: readonly QueueConfig[];
  /** BullMQ's key prefix of the queues. */
  readonly prefix: string;
  readonly connect: () => Promise<Redis>;
  readonly signal: AbortSignal;
  /** Called when a limit is reached, with the reason as a sentence. */
  readonly onPause: (reason: string) => void;
  readonly onResume: () => void;
}

const INTERVAL_MS = 1000;

/**
 * Looks at the queues at once and then every second, on a connection of its own. Ignores a look that fails: the enqueuer
 * meets the same Redis and reports the reason. Resolves after the signal.
 */
export async function watchBacklog(options: WatchBacklogOptions): Promise<void> {
  const { limits, queues, prefix, connect, signal, onPause, onResume } = options;
  let redis: Redis | undefined;
  let paused = false;

  async function look(): Promise<void> {
    redis ??= await connect();
    await requirePrimary(redis, prefix);
    const reason = backlogVerdict(await readBacklog(redis, queues), limits, paused);
    if (signal.aborted) return;
    if (reason !== undefined && !paused) onPause(reason);
    if (reason === undefined && paused) onResume();
    paused = reason !== undefined;
  }

  function disconnect(): void {
    redis?.disconnect();
    redis = undefined;
  }

  signal.addEventListener('abort', disconnect, { once: true });
  await poll({ everyMs: INTERVAL_MS, signal, look: () => look().catch(disconnect) });
  disconnect();
}
