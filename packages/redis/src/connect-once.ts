import type { Redis } from 'ioredis';
import { hearServer } from './hear-server.js';
import { type OpenOptions, openRedis } from './open.js';
import { refusalOf } from './refusal.js';

export interface ConnectOnceOptions {
  /** Shown to the server: CLIENT SETNAME. */
  readonly name: string;
  /** Milliseconds after which a command without a reply counts as failed, with an unknown outcome. */
  readonly deadlineMs: number;
}

/** The outcome of a lost reply is unknown, so no command is sent twice or queued. */
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
 * One connection that never sends a command twice and never reconnects. Rejects with REDIS_UNREACHABLE
 * (may pass by itself), REDIS_DENIED, REDIS_DATABASE_UNKNOWN or REDIS_TLS_REFUSED.
 */
export async function connectOnce(url: string, { name, deadlineMs }: ConnectOnceOptions): Promise<Redis> {
  const redis = openRedis(url, {
    ...NEVER_TWICE,
    connectionName: name,
    lazyConnect: true,
    connectTimeout: deadlineMs,
    commandTimeout: deadlineMs,
  });
  // ioredis emits the reason as an event; its commands reject with "Connection is closed" only.
  const reasons: Error[] = [];
  redis.on('error', (error: Error) => reasons.push(error));
  try {
    await redis.connect();
    // An unknown database number is an event too, and ioredis would go on in database 0.
    if (reasons[0]) throw reasons[0];
    return redis;
  } catch (cause) {
    redis.disconnect();
    throw refusalOf(await hearServer(url, reasons[0] ?? (cause as Error))).error;
  }
}
