import { setTimeout as sleep } from 'node:timers/promises';
import type { Queue } from 'bullmq';
import type { Redis } from 'ioredis';

export interface Followed {
  /** Completed, the changes that were parked behind the replayed ones among them. */
  readonly completed: number;
  /** Failed once more: they and what is parked behind them wait again. */
  readonly failed: readonly string[];
  /** Still under way when it was told to stop. */
  readonly open: number;
}

export interface FollowOptions {
  readonly redis: Redis;
  readonly queue: Queue;
  readonly ids: readonly string[];
  readonly onProgress?: (done: number, open: number) => void;
  readonly signal?: AbortSignal;
  readonly intervalMs?: number;
}

/**
 * Waits until replayed changes, and after each the one parked behind it, have completed or failed again. A job that
 * is gone has completed: what fails stays.
 */
export async function followReplayed(options: FollowOptions): Promise<Followed> {
  const { redis, queue, signal, onProgress, intervalMs = 200 } = options;
  const open = new Map(
    await Promise.all(options.ids.map(async id => [id, await parentOf(redis, queue, id)] as const)),
  );
  const failed: string[] = [];
  let completed = 0;
  while (open.size > 0 && !signal?.aborted) {
    for (const [id, parent] of open) {
      const state = await queue.getJobState(id);
      if (state === 'failed') failed.push(id);
      else if (state === 'completed' || state === 'unknown') {
        completed += 1;
        if (parent !== undefined && !open.has(parent)) open.set(parent, await parentOf(redis, queue, parent));
      } else {
        // Whatever came to wait behind it meanwhile is followed too.
        open.set(id, await parentOf(redis, queue, id));
        continue;
      }
      open.delete(id);
      onProgress?.(completed + failed.length, open.size);
    }
    if (open.size > 0) await sleep(intervalMs, undefined, { signal }).catch(() => undefined);
  }
  return { completed, failed, open: open.size };
}

/** The job that waits for this one: read before it completes, since its tie may go with it. */
async function parentOf(redis: Redis, queue: Queue, id: string): Promise<string | undefined> {
  const key = await redis.hget(queue.toKey(id), 'parentKey');
  return key?.slice(queue.toKey('').length);
}
