import type { Redis } from 'ioredis';

/** Errors of ioredis for a command whose socket is closed. https://github.com/redis/ioredis/blob/main/lib/Redis.ts */
const CLOSED =
  /^(Stream isn't writeable|Connection is closed|Command aborted due to connection close)|ECONNRESET|EPIPE/;

/**
 * Whether a command failed because its connection is lost. The status alone does not show this: it stays `ready` for a moment
 * after the socket is closed.
 */
export function isConnectionLost(redis: Pick<Redis, 'status'>, error: unknown): boolean {
  return redis.status !== 'ready' || CLOSED.test((error as Error).message);
}
