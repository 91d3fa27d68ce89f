import type { Redis } from 'ioredis';
import type { RedisAddress } from './address/address.js';
import { parseRedisUrl } from './address/parse-address.js';
import { hearServer } from './hear-server.js';
import { type OpenOptions, openRedis } from './open.js';
import { refusalOf } from './refusal.js';

export interface ConnectOnceOptions {
  /** Name of the connection in the server: CLIENT SETNAME. */
  readonly name: string;
  /** Milliseconds after which a command without a reply fails, with an unknown outcome. */
  readonly deadlineMs: number;
}

/** If a reply is lost, the outcome of its command is unknown. So no command is sent twice or queued. */
const NEVER_TWICE: Pick<
  OpenOptions,
  'maxRetriesPerRequest' | 'autoResendUnfulfilledCommands' | 'enableOfflineQueue' | 'retryStrategy'
> = {
  maxRetriesPerRequest: 0,
  autoResendUnfulfilledCommands: false,
  enableOfflineQueue: false,
  retryStrategy: () => null,
};

/**
 * Opens a connection that never sends a command twice and never reconnects, to a URL or what it says. Rejects with
 * REDIS_UNREACHABLE (a retry may succeed), REDIS_URL_INVALID, REDIS_DENIED, REDIS_DATABASE_UNKNOWN, REDIS_PRIMARY_UNKNOWN or
 * REDIS_TLS_REFUSED.
 */
export async function connectOnce(
  url: string | RedisAddress,
  { name, deadlineMs }: ConnectOnceOptions,
): Promise<Redis> {
  const address = typeof url === 'string' ? parseRedisUrl(url) : url;
  const redis = openRedis(address, {
    ...NEVER_TWICE,
    connectionName: name,
    lazyConnect: true,
    connectTimeout: deadlineMs,
    commandTimeout: deadlineMs,
  });
  // ioredis emits the reason as an event. Its commands reject only with "Connection is closed".
  const reasons: Error[] = [];
  redis.on('error', (error: Error) => reasons.push(error));
  try {
    await redis.connect();
    // For an unknown database number, ioredis only emits an event and continues in database 0.
    if (reasons[0]) throw reasons[0];
    return redis;
  } catch (cause) {
    redis.disconnect();
    throw refusalOf(await hearServer(address, reasons[0] ?? (cause as Error))).error;
  }
}
