import type { Redis } from 'ioredis';

/**
 * Proves that the server takes writes: sends DEL of a key that is never written. Rejects with the server's error (READONLY,
 * LOADING, MASTERDOWN, MISCONF). A read would prove nothing, because a replica replies to it with stale data.
 */
export async function requirePrimary(redis: Redis, prefix: string): Promise<void> {
  await redis.del(`${prefix}:walmq:heartbeat`);
}
