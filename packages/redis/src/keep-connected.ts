import { setTimeout as sleep } from 'node:timers/promises';
import { doubling, WalmqError } from '@walmq/change';
import type { Redis } from 'ioredis';
import type { Logger } from 'pino';
import { hearServer } from './hear-server.js';
import { watchHeartbeat } from './heartbeat.js';
import { openRedis } from './open.js';
import { refusalOf } from './refusal.js';
import { tryRights } from './rights.js';
import { isDenied, isWrongServer } from './wrong-server.js';

export interface KeepConnectedOptions {
  readonly url: string;
  /** Shown to the server: CLIENT SETNAME. */
  readonly name: string;
  readonly log: Logger;
  /** BullMQ's key prefix: the heartbeat asks for a key under it. */
  readonly prefix: string;
  /** Milliseconds a reply may take before the connection is closed and opened anew. */
  readonly deadlineMs: number;
  /** A fault that does not pass by itself: a right that the user lacks, a wrong password, a certificate. */
  readonly onFault: (error: WalmqError) => void;
}

/** A connection that outlives servers. */
export interface KeptConnection {
  readonly redis: Redis;
  /** Resolves when Redis has been reached and the user has every right it needs; never rejects. */
  readonly usable: Promise<void>;
  /** For readiness: asks now. The reason while Redis cannot be used; undefined when it can. */
  check(): Promise<string | undefined>;
  close(): void;
}

/**
 * Connects for as long as it takes; commands wait meanwhile, as BullMQ's workers need it. A server that was demoted is left,
 * and a connection whose replies no longer come is closed: the next one may lead to the right server.
 */
export function keepConnected(options: KeepConnectedOptions): KeptConnection {
  const { url, name, log, prefix, deadlineMs, onFault } = options;
  // Connections to a server that takes no writes, one after the other: ioredis counts only those that fail.
  let wrongServers = 0;
  let reason: string | undefined = 'Redis has not been reached yet';
  const redis = openRedis(url, {
    connectionName: name,
    maxRetriesPerRequest: null,
    connectTimeout: deadlineMs,
    // Of the copies too that BullMQ makes to wait on, and while a connection is being set up.
    socketTimeout: deadlineMs + LONGEST_WAIT_MS,
    retryStrategy: attempt => retryDelayMs(Math.max(attempt, wrongServers)),
    reconnectOnError: error => {
      if (!isWrongServer(error)) return false;
      // One connection may have many commands that fail at once.
      if (redis.status === 'ready') wrongServers += 1;
      note(error);
      return 2;
    },
  });

  let failures = 0;
  function note(error: Error): void {
    failures += 1;
    reason = refusalOf(error).error.message;
    // The first is news; one a minute or so is a reminder; the rest would only fill the log.
    const level = failures === 1 || failures % 12 === 0 ? 'warn' : 'debug';
    log[level]({ event: 'redis:unreachable', error: error.message, failures }, 'Redis cannot be used');
  }

  const tell = (error: Error) => {
    note(error);
    const refusal = refusalOf(error);
    if (!refusal.passes) onFault(refusal.error);
  };
  redis.on('error', (cause: Error) => void hearServer(url, cause).then(tell));

  let sayUsable: () => void = () => undefined;
  const usable = new Promise<void>(resolve => {
    sayUsable = resolve;
  });
  // Of every server that the address leads to: its users may be others.
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
    // A right that was taken away: all that are lacking are one sentence.
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

/** As long as BullMQ's workers wait for a job at most, and a second: https://docs.bullmq.io/guide/workers */
const LONGEST_WAIT_MS = 11_000;
/** A health check waits no longer. */
const SLOW_MS = 1000;

function retryDelayMs(attempt: number): number {
  return doubling(50, attempt, 5000);
}
