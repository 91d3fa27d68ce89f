import type { Queue } from 'bullmq';
import type { Redis } from 'ioredis';

const PAGE = 200;

export interface ScanOptions {
  readonly redis: Redis;
  readonly queue: Queue;
  /** When they failed, both ends included; milliseconds since 1970. */
  readonly fromMs?: number | undefined;
  readonly toMs?: number | undefined;
}

/**
 * Ids of the queue's failed jobs, a page at a time, the newest first. Goes on from the time of the last one and not from
 * its rank: while others are being retried or removed, none is passed over. What fails from now on is no part of it.
 */
export async function* scanFailed({ redis, queue, fromMs, toMs }: ScanOptions): AsyncGenerator<string[]> {
  const key = queue.toKey('failed');
  const least = fromMs ?? '-inf';
  let greatest: number | string = toMs ?? '+inf';
  /** Those of the very millisecond that the next page begins with. */
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
