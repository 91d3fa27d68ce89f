import type { QueueConfig } from '@walmq/config';
import type { Redis } from 'ioredis';

export interface BacklogLimits {
  /** Unfinished jobs in one queue. */
  readonly maxQueueDepth: number;
  /** Share of Redis' maxmemory in use, 0 to 1. Without maxmemory there is no limit to take a share of. */
  readonly maxRedisMemoryShare: number;
}

export interface Backlog {
  /** Unfinished jobs (waiting, with a priority or without, active, delayed, parked) by queue. */
  readonly depths: ReadonlyMap<string, number>;
  readonly usedMemoryBytes: number;
  /** 0: no limit. */
  readonly maxMemoryBytes: number;
}

/** A paused capture goes on below this share of the limit, so that it does not pause again at once. */
const RESUME_SHARE = 0.9;

/** Reason, a sentence, why capture has to pause; undefined if it need not. */
export function backlogVerdict(backlog: Backlog, limits: BacklogLimits, paused: boolean): string | undefined {
  const share = paused ? RESUME_SHARE : 1;
  for (const [queue, depth] of backlog.depths)
    if (depth >= limits.maxQueueDepth * share)
      return `queue "${queue}" holds ${depth} unfinished jobs (limit ${limits.maxQueueDepth})`;
  const allowedBytes = backlog.maxMemoryBytes * limits.maxRedisMemoryShare;
  if (backlog.maxMemoryBytes > 0 && backlog.usedMemoryBytes >= allowedBytes * share)
    return `Redis uses ${backlog.usedMemoryBytes} of ${backlog.maxMemoryBytes} bytes (limit ${Math.floor(allowedBytes)})`;
  return undefined;
}

/** Reads the backlog of these queues. Rejects as Redis' commands do. */
export async function readBacklog(redis: Redis, queues: readonly QueueConfig[]): Promise<Backlog> {
  const [memory, ...depths] = await Promise.all([
    redis.info('memory'),
    ...queues.map(queue => queueDepth(redis, `${queue.prefix}:${queue.name}`)),
  ]);
  return {
    depths: new Map(queues.map((queue, index) => [queue.name, depths[index] ?? 0])),
    usedMemoryBytes: infoNumber(memory, 'used_memory'),
    maxMemoryBytes: infoNumber(memory, 'maxmemory'),
  };
}

async function queueDepth(redis: Redis, queue: string): Promise<number> {
  const counts = await Promise.all([
    redis.llen(`${queue}:wait`),
    redis.zcard(`${queue}:prioritized`),
    redis.llen(`${queue}:active`),
    redis.zcard(`${queue}:delayed`),
    redis.zcard(`${queue}:waiting-children`),
  ]);
  return counts.reduce((sum, count) => sum + count, 0);
}

function infoNumber(info: string, field: string): number {
  return Number(new RegExp(`^${field}:(\\d+)`, 'm').exec(info)?.[1] ?? 0);
}
