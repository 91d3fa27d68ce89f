import { connectShard } from '@walmq/fanout';
import { type CaptureStatus, endHeartbeat, writeHeartbeat } from '@walmq/operations';
import type { Redis } from 'ioredis';

export interface HeartbeatOptions {
  readonly redisUrl: string;
  /** Of the shard that holds what captures tell. */
  readonly prefix: string;
  readonly take: (nowMs: number) => CaptureStatus;
}

export interface Heartbeat {
  /** What has just changed is not to wait for the next beat. */
  beat(): void;
  stop(): Promise<void>;
}

const INTERVAL_MS = 1000;

/**
 * Tells of this capture in Redis every second, on a connection of its own, so that whoever looks there finds every
 * capture wherever it runs. A beat that cannot be written is missed, and disturbs nothing.
 */
export function startHeartbeat({ redisUrl, prefix, take }: HeartbeatOptions): Heartbeat {
  let redis: Redis | undefined;
  let beating: Promise<void> | undefined;

  async function beat(): Promise<void> {
    try {
      redis ??= await connectShard(redisUrl, prefix);
      await writeHeartbeat(redis, prefix, take(Date.now()));
    } catch {
      redis?.disconnect();
      redis = undefined;
    }
  }

  function beatAgain(): void {
    beating ??= beat().finally(() => {
      beating = undefined;
    });
  }

  const timer = setInterval(beatAgain, INTERVAL_MS);
  beatAgain();
  return {
    beat() {
      // The one under way may have been taken before the change.
      if (beating === undefined) beatAgain();
      else void beating.then(beatAgain);
    },
    async stop() {
      clearInterval(timer);
      await beating;
      if (redis) await endHeartbeat(redis, prefix, take(Date.now())).catch(() => undefined);
      redis?.disconnect();
    },
  };
}
