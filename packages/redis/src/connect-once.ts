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

/** A lost reply is an unknown outcome: nothing is sent twice, nor kept for later. */
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
 * One connection that never sends a command twice and does not come back by itself. Rejects with REDIS_UNREACHABLE
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
  // ioredis says why in an event; its commands only learn that the connection is closed.
  const reasons: Error[] = [];
  redis.on('error', (error: Error) => reasons.push(error));
  try {
    await redis.connect();
    // A database number that the server does not have is an event too: ioredis would go on in database 0.
    if (reasons[0]) throw reasons[0];
    return redis;
  } catch (cause) {
    redis.disconnect();
    throw refusalOf(await hearServer(url, reasons[0] ?? (cause as Error))).error;
  }
}
