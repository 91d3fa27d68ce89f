import { WalmqError } from '@walmq/change';
import { openClient } from '@walmq/postgres';
import { openRedis } from '@walmq/service';
import { redisRemedy } from '@walmq/status';
import type { Redis } from 'ioredis';
import type { Client } from 'pg';
import { messageOf } from './command.js';

const CONNECT_TIMEOUT_MS = 10_000;

/** Runs `act` on one connection. Rejects as connectDatabase does. */
export async function withDatabase<T>(url: string, act: (client: Client) => Promise<T>): Promise<T> {
  const client = await connectDatabase(url);
  try {
    return await act(client);
  } finally {
    await client.end();
  }
}

/** Rejects with DATABASE_URL_INVALID, DATABASE_UNREACHABLE or another DATABASE_... that says why. */
export async function connectDatabase(url: string): Promise<Client> {
  // That it is lost, the query under way says.
  const { client } = await openClient({ url, name: 'walmq cli', connectTimeoutMs: CONNECT_TIMEOUT_MS });
  return client;
}

/** One connection that does not come back by itself. Rejects with REDIS_UNREACHABLE. */
export async function connectRedis(url: string): Promise<Redis> {
  const redis = openRedis(url, {
    connectionName: 'walmq cli',
    lazyConnect: true,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
    connectTimeout: CONNECT_TIMEOUT_MS,
    commandTimeout: CONNECT_TIMEOUT_MS,
  });
  // ioredis says why in an event; its commands are only told that the connection is closed.
  const reasons: Error[] = [];
  redis.on('error', error => reasons.push(error));
  try {
    await redis.connect();
    return redis;
  } catch (error) {
    redis.disconnect();
    const cause = reasons[0] ?? error;
    throw new WalmqError('REDIS_UNREACHABLE', `Redis cannot be reached: ${withoutStop(messageOf(cause))}.`, {
      remedy: redisRemedy(cause),
      cause,
    });
  }
}

/** Servers end their sentences as they like. */
function withoutStop(sentence: string): string {
  return sentence.replace(/\.$/, '');
}
