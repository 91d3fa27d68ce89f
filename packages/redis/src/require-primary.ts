import type { Redis } from 'ioredis';

/**
 * Sends a command that only a server that takes writes accepts: DEL of a key that is never written. Rejects with the
 * server's error (READONLY, LOADING, MASTERDOWN, MISCONF) otherwise. A replica would reply to a read with stale data.
 */
export async function requirePrimary(redis: Redis, prefix: string): Promise<void> {
  await redis.del(`${prefix}:walmq:heartbeat`);
}
