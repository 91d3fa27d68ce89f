import { setImmediate as turn } from 'node:timers/promises';
import { WalmqError } from '@walmq/change';
import type { Redis } from 'ioredis';
import { requirePrimary } from './require-primary.js';

export interface HeartbeatOptions {
  readonly redis: Redis;
  /** BullMQ's key prefix. */
  readonly prefix: string;
  /** Milliseconds that a reply may take. */
  readonly deadlineMs: number;
  /** Called when the server has replied and takes writes. */
  readonly onBeat: () => void;
  /** Gets REDIS_UNREACHABLE if no reply came in time and the connection is opened again, else the error of the reply. */
  readonly onMiss: (error: Error) => void;
}

export interface Heartbeat {
  /** Sends a request now, or waits for the one in flight. Never rejects. */
  beat(): Promise<void>;
  stop(): void;
}

/** Number of requests within one deadline: a dead connection is detected within one and a half deadlines. */
const BEATS_PER_DEADLINE = 2;

/**
 * Sends a request at regular intervals, and opens the connection again if no reply comes in time: without a request, a
 * connection whose peer is gone looks like a quiet one. The request is a write, so it also detects a demoted server.
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
        // After a suspension of this process, the socket may hold the reply, not yet read: give it one turn.
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
