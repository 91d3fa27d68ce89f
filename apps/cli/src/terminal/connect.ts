import { WalmqError } from '@walmq/change';
import { type DatabaseUrl, type OpenClient, openClient } from '@walmq/postgres';
import { connectOnce, isConnectionLost } from '@walmq/redis';
import type { Redis } from 'ioredis';
import type { Client } from 'pg';

const CONNECT_TIMEOUT_MS = 10_000;

/** Runs `act` on one connection. Rejects with the errors of connectDatabase. */
export async function withDatabase<T>(url: DatabaseUrl, act: (client: Client) => Promise<T>): Promise<T> {
  const { client } = await connectDatabase(url);
  try {
    return await act(client);
  } finally {
    await client.end();
  }
}

/** Rejects with DATABASE_URL_INVALID, DATABASE_UNREACHABLE or another code DATABASE_... for the cause. */
export async function connectDatabase(url: DatabaseUrl): Promise<OpenClient> {
  // The running query reports a lost connection.
  return await openClient({ url, name: 'walmq cli', connectTimeoutMs: CONNECT_TIMEOUT_MS });
}

/** Opens one connection that does not reconnect. Rejects with the errors of connectOnce. */
export async function connectRedis(url: string): Promise<Redis> {
  return await connectOnce(url, { name: 'walmq cli', deadlineMs: CONNECT_TIMEOUT_MS });
}

/** The error of a command, or REDIS_UNREACHABLE if it failed because its connection was lost. */
export function lostOr(redis: Redis, error: unknown): unknown {
  if (error instanceof WalmqError || !isConnectionLost(redis, error)) return error;
  return new WalmqError('REDIS_UNREACHABLE', 'the connection to Redis was lost.', {
    remedy: 'Run it again when Redis is back.',
    cause: error,
  });
}
