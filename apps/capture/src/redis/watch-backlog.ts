import type { QueueConfig } from '@walmq/config';
import { type BacklogLimits, backlogVerdict, readBacklog } from '@walmq/fanout';
import { requirePrimary } from '@walmq/redis';
import type { Redis } from 'ioredis';

interface BacklogWatch {
  readonly limits: BacklogLimits;
  readonly queues: readonly QueueConfig[];
  /** BullMQ's key prefix of the queues. */
  readonly prefix: string;
  readonly connect: () => Promise<Redis>;
  /** Called when a limit is reached, with the reason as a sentence. */
  readonly onPause: (reason: string) => void;
  readonly onResume: () => void;
}

const INTERVAL_MS = 1000;

/**
 * Looks at the queues at once and then every second, on a connection of its own. A look that fails says nothing:
 * the enqueuer meets the same Redis and says it better.
 */
export function watchBacklog({ limits, queues, prefix, connect, onPause, onResume }: BacklogWatch): {
  stop(): void;
} {
  let redis: Redis | undefined;
  let paused = false;
  let looking = false;
  let stopped = false;

  async function look(): Promise<void> {
    redis ??= await connect();
    await requirePrimary(redis, prefix);
    const reason = backlogVerdict(await readBacklog(redis, queues), limits, paused);
    if (stopped) return;
    if (reason !== undefined && !paused) onPause(reason);
    if (reason === undefined && paused) onResume();
    paused = reason !== undefined;
  }

  function lookAgain(): void {
    if (looking) return;
    looking = true;
    look()
      .catch(() => {
        redis?.disconnect();
        redis = undefined;
      })
      .finally(() => {
        looking = false;
        if (stopped) redis?.disconnect();
      });
  }

  const timer = setInterval(lookAgain, INTERVAL_MS);
  lookAgain();

  return {
    stop() {
      stopped = true;
      clearInterval(timer);
      redis?.disconnect();
    },
  };
}
