import { setImmediate as turn } from 'node:timers/promises';
import { WalmqError } from '@walmq/change';
import type { Redis } from 'ioredis';
import { requirePrimary } from './require-primary.js';

export interface HeartbeatOptions {
  readonly redis: Redis;
  /** BullMQ's key prefix. */
  readonly prefix: string;
  readonly deadlineMs: number;
  /** The server has answered, and takes writes. */
  readonly onBeat: () => void;
  /** It has not answered in time (REDIS_UNREACHABLE), and the connection is opened anew; or it refused. */
  readonly onMiss: (error: Error) => void;
}

export interface Heartbeat {
  /** Asks now, or joins the beat in flight; never rejects. */
  beat(): Promise<void>;
  stop(): void;
}

/** Beats within one deadline: so a dead connection is found within one and a half. */
const BEATS_PER_DEADLINE = 2;

/**
 * Asks a lasting connection again and again, and closes it when no answer comes in time: a connection whose peer is gone
 * without a word looks like a quiet one for as long as nobody asks. Only a server that takes writes answers, so a demoted
 * one is found too.
 */
export function watchHeartbeat(options: HeartbeatOptions): Heartbeat {
  const { redis, prefix, deadlineMs, onBeat, onMiss } = options;
  let beating: Promise<void> | undefined;
  let stopped = false;

  async function ask(): Promise<void> {
    if (redis.status !== 'ready') return;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<'late'>(resolve => {
      timer = setTimeout(() => {
        // A process that was suspended finds the answer among what it has not read yet.
        void turn().then(() => resolve('late'));
      }, deadlineMs);
    });
    try {
      const answer = await Promise.race([requirePrimary(redis, prefix), late]);
      if (stopped) return;
      if (answer !== 'late') return onBeat();
      onMiss(silent(deadlineMs));
      redis.disconnect(true);
    } catch (error) {
      if (!stopped) onMiss(error as Error);
    } finally {
      clearTimeout(timer);
    }
  }

  function beat(): Promise<void> {
    beating ??= ask().finally(() => {
      beating = undefined;
    });
    return beating;
  }

  const timer = setInterval(() => void beat(), deadlineMs / BEATS_PER_DEADLINE);
  redis.on('ready', () => void beat());
  return {
    beat,
    stop() {
      stopped = true;
      clearInterval(timer);
    },
  };
}

function silent(deadlineMs: number): WalmqError {
  return new WalmqError(
    'REDIS_UNREACHABLE',
    `Redis has not answered for ${deadlineMs} ms; the connection is opened anew.`,
  );
}
