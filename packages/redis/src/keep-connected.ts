import { setTimeout as sleep } from 'node:timers/promises';
import { doubling, WalmqError } from '@walmq/change';
import type { Redis } from 'ioredis';
import type { Logger } from 'pino';
import { parseRedisUrl } from './address/parse-address.js';
import { hearServer } from './hear-server.js';
import { watchHeartbeat } from './heartbeat.js';
import { openRedis } from './open.js';
import { refusalOf } from './refusal.js';
import { tryRights } from './rights.js';
import { isDenied, isWrongServer } from './wrong-server.js';

export interface KeepConnectedOptions {
  readonly url: string;
  /** Name of the connection in the server: CLIENT SETNAME. */
  readonly name: string;
  readonly log: Logger;
  /** BullMQ's key prefix: the heartbeat uses a key under it. */
  readonly prefix: string;
  /** Milliseconds that a reply may take. After that the connection is closed and opened again. */
  readonly deadlineMs: number;
  /** Gets faults that no retry can correct: a missing right, a wrong password, a rejected certificate. */
  readonly onFault: (error: WalmqError) => void;
}

/** A connection that reconnects until it is closed. */
export interface KeptConnection {
  readonly redis: Redis;
  /** Resolves when Redis has been reached and the user has every right that walmq needs. Never rejects. */
  readonly usable: Promise<void>;
  /** Checks readiness with a request. Resolves to the reason why Redis cannot be used, or undefined. */
  check(): Promise<string | undefined>;
  close(): void;
}

/**
 * Connects, and reconnects without limit. Commands wait until the connection is ready, which BullMQ's workers require. Closes a
 * connection to a demoted server, and a connection without replies, because the next connection may lead to the primary.
 * Throws REDIS_URL_INVALID.
 */
export function keepConnected(options: KeepConnectedOptions): KeptConnection {
  const { url, name, log, prefix, deadlineMs, onFault } = options;
  // Number of consecutive connections to a server that takes no writes. ioredis counts only failed connections.
  let wrongServers = 0;
  let reason: string | undefined = 'Redis has not been reached yet';
  const address = parseRedisUrl(url);
  const redis = openRedis(address, {
    connectionName: name,
    maxRetriesPerRequest: null,
    connectTimeout: deadlineMs,
    // Also applies to BullMQ's blocking duplicates of this connection, and while a connection is being opened.
    socketTimeout: deadlineMs + LONGEST_WAIT_MS,
    retryStrategy: attempt => retryDelayMs(Math.max(attempt, wrongServers)),
    reconnectOnError: error => {
      if (!isWrongServer(error)) return false;
      // Many commands of one connection can fail at once: count only the first.
      if (redis.status === 'ready') wrongServers += 1;
      note(error);
      return 2;
    },
  });

  let failures = 0;
  function note(error: Error): void {
    failures += 1;
    reason = refusalOf(error).error.message;
    // Log a warning at the first failure, then about once a minute.
    const level = failures === 1 || failures % 12 === 0 ? 'warn' : 'debug';
    log[level]({ event: 'redis:unreachable', error: error.message, failures }, 'Redis cannot be used');
  }

  const tell = (error: Error) => {
    note(error);
    const refusal = refusalOf(error);
    if (!refusal.passes) onFault(refusal.error);
  };
  redis.on('error', (cause: Error) => void hearServer(address, cause).then(tell));

  let sayUsable: () => void = () => undefined;
  const usable = new Promise<void>(resolve => {
    sayUsable = resolve;
  });
  // Runs at each connection, because the address may lead to another server with other users.
  const tryAll = () =>
    void tryRights(redis, prefix).then(sayUsable, (error: Error) => {
      if (error instanceof WalmqError) tell(error);
    });
  redis.on('ready', tryAll);

  const heartbeat = watchHeartbeat({
    redis,
    prefix,
    deadlineMs,
    onBeat: () => {
      if (failures > 0) log.info({ event: 'redis:back' }, 'Redis is back');
      failures = 0;
      wrongServers = 0;
      reason = undefined;
    },
    // The user lost a right. One error names all missing rights.
    onMiss: error => (isDenied(error) ? tryAll() : tell(error)),
  });
  return {
    redis,
    usable,
    async check() {
      if (redis.status !== 'ready') return reason ?? `the connection to Redis is ${redis.status}`;
      const slow = sleep(SLOW_MS, 'slow' as const, { ref: false });
      if ((await Promise.race([heartbeat.beat(), slow])) === 'slow')
        return reason ?? `Redis has not answered for ${SLOW_MS} ms`;
      return reason;
    },
    close() {
      heartbeat.stop();
      redis.disconnect();
    },
  };
}

/** Milliseconds; BullMQ's workers wait at most 10 s for a job, plus one second: https://docs.bullmq.io/guide/workers */
const LONGEST_WAIT_MS = 11_000;
/** Milliseconds that a readiness check waits for the reply. */
const SLOW_MS = 1000;

function retryDelayMs(attempt: number): number {
  return doubling(50, attempt, 5000);
}
