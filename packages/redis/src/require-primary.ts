import type { Redis } from 'ioredis';

/**
 * Asks a question that only a server that takes writes answers: DEL of a key that nobody writes. Rejects with the server's own
 * words (READONLY, LOADING, MASTERDOWN, MISCONF) where it takes none: a replica answers any other question, with what
 * it had when it was still in step.
 */
export async function requirePrimary(redis: Redis, prefix: string): Promise<void> {
  await redis.del(`${prefix}:walmq:heartbeat`);
}
