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
  // Every command's own promise carries its error, but for why the connection could not be made.
  let reason: Error | undefined;
  redis.on('error', (error: Error) => {
    reason = error;
  });
  try {
    await redis.connect();
    return redis;
  } catch (cause) {
    redis.disconnect();
    throw connectionFailure(reason ?? (cause as Error));
  }
}

function connectionFailure(cause: Error): WalmqError {
  if (DENIED.test(cause.message))
    return new WalmqError('REDIS_DENIED', `Redis refuses the connection: ${cause.message}.`, {
      remedy: 'Check user and password in REDIS_URL.',
      cause,
    });
  return new WalmqError(
    'REDIS_UNREACHABLE',
    `Redis cannot be reached: ${cause.message.replace(/\.$/, '')}.`,
    { cause },
  );
}
