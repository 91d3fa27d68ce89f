import { WalmqError } from '@walmq/change';
import type { Durability } from '@walmq/config';
import type { Redis } from 'ioredis';

/** Persistence settings of a Redis server. Undefined if CONFIG does not return them. */
export interface RedisPersistence {
  readonly appendonly: string | undefined;
  readonly appendfsync: string | undefined;
  readonly maxmemoryPolicy: string | undefined;
  /** Redis >= 7.2 and Valkey. */
  readonly hasWaitaof: boolean;
}

/** How a batch becomes durable once the server has answered. */
export type Confirmation =
  /** The reply to the batch is enough. */
  | { readonly by: 'answer' }
  /** WAITAOF 1 0: this server has fsynced its append-only file. */
  | { readonly by: 'waitaof' }
  /** WAIT n: n replicas hold the batch. */
  | { readonly by: 'replicas'; readonly count: number };

export interface DurabilityVerdict {
  readonly errors: readonly WalmqError[];
  /** True if the server returns no settings, so that the operator vouches for them. */
  readonly unchecked: boolean;
  readonly confirmation: Confirmation;
}

/** Milliseconds that WAIT and WAITAOF may take. After that the batch is confirmed again. */
const CONFIRM_TIMEOUT_MS = 5000;

/** Reads the settings; those that the server refuses to return are undefined. Rejects if the connection fails. */
export async function readPersistence(redis: Redis): Promise<RedisPersistence> {
  const [appendonly, appendfsync, maxmemoryPolicy, waitaof] = await Promise.all([
    configOf(redis, 'appendonly'),
    configOf(redis, 'appendfsync'),
    configOf(redis, 'maxmemory-policy'),
    answerOf<unknown[]>(redis, 'COMMAND', 'INFO', 'waitaof'),
  ]);
  return { appendonly, appendfsync, maxmemoryPolicy, hasWaitaof: Array.isArray(waitaof?.[0]) };
}

async function configOf(redis: Redis, name: string): Promise<string | undefined> {
  return (await answerOf<string[]>(redis, 'CONFIG', 'GET', name))?.[1];
}

/** Undefined where the server refuses the command: CONFIG is forbidden or renamed on many managed servers. */
async function answerOf<T>(redis: Redis, command: string, ...args: string[]): Promise<T | undefined> {
  try {
    return (await redis.call(command, ...args)) as T;
  } catch (error) {
    if (isRefusal(error as Error)) return undefined;
    throw error;
  }
}

function isRefusal({ name, message }: Error): boolean {
  return name === 'ReplyError' && /^(ERR|NOPERM)\b/.test(message);
}

/** Whether the server can provide this durability, and how a batch is confirmed. Runs before the first change is read. */
export function durabilityVerdict(
  durability: Durability,
  trusted: boolean,
  server: RedisPersistence,
): DurabilityVerdict {
  const confirmation = confirmationOf(durability, server);
  if (server.appendonly === undefined || server.maxmemoryPolicy === undefined)
    return { errors: trusted ? [] : [unknown()], unchecked: true, confirmation };
  const errors = [evictionError(server), durability === 'fsync' ? fsyncError(server) : undefined];
  return { errors: errors.filter(error => error !== undefined), unchecked: false, confirmation };
}

/**
 * Resolves when all earlier writes of this connection are durable. Rejects with NOT_DURABLE_YET if too few confirm in
 * time.
 */
export async function confirmDurable(redis: Redis, confirmation: Confirmation): Promise<void> {
  switch (confirmation.by) {
    case 'answer':
      return;
    case 'waitaof': {
      const [local = 0] = (await redis.call('WAITAOF', 1, 0, CONFIRM_TIMEOUT_MS)) as number[];
      if (local < 1) throw notDurableYet('Redis has not fsynced its append-only file');
      return;
    }
    case 'replicas': {
      const replicas = (await redis.call('WAIT', confirmation.count, CONFIRM_TIMEOUT_MS)) as number;
      if (replicas < confirmation.count)
        throw notDurableYet(`${replicas} of ${confirmation.count} replicas have confirmed`);
    }
  }
}

function confirmationOf(durability: Durability, server: RedisPersistence): Confirmation {
  if (typeof durability === 'object') return { by: 'replicas', count: durability.replicated };
  if (durability === 'fsync' && server.appendfsync !== 'always' && server.hasWaitaof)
    return { by: 'waitaof' };
  return { by: 'answer' };
}

function evictionError({ maxmemoryPolicy }: RedisPersistence): WalmqError | undefined {
  if (maxmemoryPolicy === 'noeviction') return undefined;
  return new WalmqError(
    'REDIS_MAY_EVICT',
    `Redis may evict jobs: maxmemory-policy is "${maxmemoryPolicy}".`,
    {
      remedy: 'Run CONFIG SET maxmemory-policy noeviction (and put it into redis.conf).',
    },
  );
}

function fsyncError({ appendonly, appendfsync, hasWaitaof }: RedisPersistence): WalmqError | undefined {
  if (appendonly === 'yes' && (appendfsync === 'always' || hasWaitaof)) return undefined;
  return new WalmqError(
    'REDIS_NOT_DURABLE',
    `redis.durability is "fsync", but Redis has appendonly ${appendonly} and appendfsync ${appendfsync}.`,
    {
      remedy:
        'Run CONFIG SET appendonly yes and CONFIG SET appendfsync always (and put both into redis.conf), ' +
        'or set redis.durability to "memory" and accept that a crash of Redis loses acknowledged changes.',
    },
  );
}

function unknown(): WalmqError {
  return new WalmqError(
    'REDIS_DURABILITY_UNKNOWN',
    'Redis does not let CONFIG GET check the durability it is set to.',
    {
      remedy: 'Check it with your provider, then set redis.trustDurability to true.',
    },
  );
}

function notDurableYet(what: string): WalmqError {
  return new WalmqError(
    'NOT_DURABLE_YET',
    `${what} after ${CONFIRM_TIMEOUT_MS} ms; nothing is acknowledged meanwhile.`,
  );
}
