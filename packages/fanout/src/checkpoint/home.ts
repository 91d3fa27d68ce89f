import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';

/** The Redis key of the identity of a prefix. Two URLs that lead to the same keys find the same identity. */
function homeKey(prefix: string): string {
  return `${prefix}:walmq:home`;
}

/** The identity of the keys under a prefix; null if no capture has streamed into them. */
export async function readHome(redis: Redis, prefix: string): Promise<string | null> {
  return await redis.get(homeKey(prefix));
}

/** The identity of the keys under a prefix. Makes one if there is none. */
export async function claimHome(redis: Redis, prefix: string): Promise<string> {
  await redis.set(homeKey(prefix), randomUUID(), 'NX');
  return (await readHome(redis, prefix)) as string;
}
