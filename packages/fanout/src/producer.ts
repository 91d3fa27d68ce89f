import { WalmqError } from '@walmq/change';
import { Redis } from 'ioredis';

/** First words of Redis' answers to a client without the right credentials. */
const DENIED = /^(NOAUTH|WRONGPASS|NOPERM)\b/;

/** Milliseconds after which a command without a reply counts as failed, with an unknown outcome. */
const COMMAND_TIMEOUT_MS = 10_000;

/**
 * A connection for the enqueue script: it never sends a command twice, never queues one while it is down, and
 * does not come back by itself. A fresh one is made for every try.
 * Rejects with REDIS_UNREACHABLE or REDIS_DENIED.
 */
export async function connectProducer(url: string): Promise<Redis> {
  const redis = new Redis(url, {
    connectionName: 'walmq capture',
    lazyConnect: true,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    enableOfflineQueue: false,
    retryStrategy: () => null,
    connectTimeout: 5000,
    commandTimeout: COMMAND_TIMEOUT_MS,
  });
  // Every command's own promise carries its error; without a listener ioredis prints them.
  redis.on('error', () => undefined);
  try {
    await redis.connect();
    return redis;
  } catch (cause) {
    redis.disconnect();
    if (DENIED.test((cause as Error).message))
      throw new WalmqError('REDIS_DENIED', `Redis refuses the connection: ${(cause as Error).message}.`, {
        remedy: 'Check user and password in REDIS_URL.',
        cause,
      });
    throw new WalmqError('REDIS_UNREACHABLE', `Redis cannot be reached: ${(cause as Error).message}.`, {
      cause,
    });
  }
}
