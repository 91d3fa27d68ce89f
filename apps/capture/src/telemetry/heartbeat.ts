import { connectShard } from '@walmq/fanout';
import { type CaptureStatus, endHeartbeat, writeHeartbeat } from '@walmq/operations';
import { poll } from '@walmq/runtime';
import type { Redis } from 'ioredis';

export interface HeartbeatOptions {
  readonly redisUrl: string;
  /** Of the shard that holds the status of captures. */
  readonly prefix: string;
  readonly take: (nowMs: number) => CaptureStatus;
}

export interface Heartbeat {
  /** Writes the status now, because it has just changed. */
  beat(): void;
  stop(): Promise<void>;
}

const INTERVAL_MS = 1000;

/**
 * Writes the status of this capture to Redis every second, on a connection of its own, so that a reader there finds every
 * capture wherever it runs. A beat that cannot be written is missed, and disturbs nothing.
 */
export function startHeartbeat({ redisUrl, prefix, take }: HeartbeatOptions): Heartbeat {
  let redis: Redis | undefined;
  let last: Promise<void> = Promise.resolve();

  async function write(): Promise<void> {
    try {
      redis ??= await connectShard(redisUrl, prefix);
      await writeHeartbeat(redis, prefix, take(Date.now()));
    } catch {
      redis?.disconnect();
      redis = undefined;
    }
  }

  /** One after the other: the beat under way may have been taken before the change. */
  async function beat(): Promise<void> {
    last = last.then(write);
    await last;
  }

  const ending = new AbortController();
  const beating = poll({ everyMs: INTERVAL_MS, signal: ending.signal, look: beat });
  return {
    beat: () => void beat(),
    async stop() {
      ending.abort();
      await beating;
      await last;
      if (redis) await endHeartbeat(redis, prefix, take(Date.now())).catch(() => undefined);
      redis?.disconnect();
    },
  };
}
