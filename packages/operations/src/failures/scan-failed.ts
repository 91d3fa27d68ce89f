import type { Queue } from 'bullmq';
import type { Redis } from 'ioredis';

const PAGE = 200;

export interface ScanOptions {
  readonly redis: Redis;
  readonly queue: Queue;
  /** Time of the failure, both ends included; milliseconds since 1970. */
  readonly fromMs?: number | undefined;
  readonly toMs?: number | undefined;
}

/**
 * Ids of the queue's failed jobs, one page at a time, newest first. Continues from the time of the last job
 * and not from its rank, so that no job is skipped while others are retried or removed. Jobs that fail after
 * the start are not included.
 */
export async function* scanFailed({ redis, queue, fromMs, toMs }: ScanOptions): AsyncGenerator<string[]> {
  const key = queue.toKey('failed');
  const least = fromMs ?? '-inf';
  let greatest: number | string = toMs ?? '+inf';
  /** Jobs of the same millisecond as the first job of the next page. */
  const seen = new Set<string>();
  while (true) {
    const count = PAGE + seen.size;
    const found = pairs(await redis.zrevrangebyscore(key, greatest, least, 'WITHSCORES', 'LIMIT', 0, count));
    const fresh = found.filter(({ id }) => !seen.has(id));
    const last = found.at(-1);
    if (fresh.length === 0 || last === undefined) return;
    yield fresh.map(({ id }) => id);
    if (last.ms !== greatest) seen.clear();
    greatest = last.ms;
    for (const { id, ms } of found) if (ms === last.ms) seen.add(id);
  }
}

function pairs(reply: readonly string[]): { id: string; ms: number }[] {
  return Array.from({ length: reply.length / 2 }, (_, index) => ({
    id: reply[2 * index] as string,
    ms: Number(reply[2 * index + 1]),
  }));
}
