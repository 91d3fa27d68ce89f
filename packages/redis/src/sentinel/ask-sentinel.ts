import { Redis } from 'ioredis';
import type { HostPort, SentinelAddress } from '../address/address.js';
import { tlsOptions } from '../address/tls-options.js';

/** What one sentinel says of the primary. */
export interface SentinelAnswer {
  readonly from: HostPort;
  /** Undefined: it knows no set of this name. */
  readonly primary: HostPort | undefined;
  /** Number of the failover that made this server the primary. The greatest one is the newest. */
  readonly epoch: number;
  /** Words for its state, as in SENTINEL MASTER: master, s_down, o_down, failover_in_progress. */
  readonly flags: readonly string[];
  /** Sentinels that have to agree before they promote a replica. */
  readonly quorum: number;
  readonly replicas: number;
}

/** Milliseconds: the sentinels of a machine that is gone do not answer at all. */
const PATIENCE_MS = 2000;

/** A connection to one sentinel, which the caller opens and closes. It never reconnects. */
export function sentinelConnection(address: SentinelAddress, at: HostPort): Redis {
  const { sentinel, sentinelTls, family } = address;
  const redis = new Redis({
    ...at,
    ...(sentinel.username === undefined ? {} : { username: sentinel.username }),
    ...(sentinel.password === undefined ? {} : { password: sentinel.password }),
    ...(family === undefined ? {} : { family }),
    ...(sentinelTls ? { tls: tlsOptions(sentinelTls) } : {}),
    connectionName: 'walmq',
    lazyConnect: true,
    enableReadyCheck: false,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    connectTimeout: PATIENCE_MS,
    commandTimeout: PATIENCE_MS,
    retryStrategy: () => null,
  });
  redis.on('error', () => undefined);
  return redis;
}

/** Connects. Rejects with the reason of the server or the socket, which ioredis only emits. */
export async function connectSentinel(redis: Redis): Promise<void> {
  const reasons: Error[] = [];
  const note = (error: Error) => reasons.push(error);
  redis.on('error', note);
  try {
    await redis.connect();
    // ioredis only emits that a sentinel wants a password.
    if (reasons[0]) throw reasons[0];
  } catch (error) {
    throw reasons[0] ?? error;
  } finally {
    redis.off('error', note);
  }
}

/** Asks one sentinel for the primary. Rejects with its error, or that of the connection. */
export async function askSentinel(address: SentinelAddress, from: HostPort): Promise<SentinelAnswer> {
  const redis = sentinelConnection(address, from);
  try {
    await connectSentinel(redis);
    const [found, state] = await Promise.all([
      redis.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', address.name) as Promise<[string, string] | null>,
      readState(redis, address.name),
    ]);
    return {
      from,
      primary: found ? { host: found[0], port: Number(found[1]) } : undefined,
      epoch: Number(state.get('config-epoch') ?? 0),
      flags: (state.get('flags') ?? '').split(',').filter(flag => flag !== ''),
      quorum: Number(state.get('quorum') ?? 0),
      replicas: Number(state.get('num-slaves') ?? 0),
    };
  } finally {
    redis.disconnect();
  }
}

/** Empty if the user may not ask for it, or the sentinel does not know the name. */
async function readState(redis: Redis, name: string): Promise<ReadonlyMap<string, string>> {
  const fields = (await redis.call('SENTINEL', 'MASTER', name).catch((error: Error) => {
    if (/^(NOPERM|ERR)\b/.test(error.message)) return [];
    throw error;
  })) as string[] | Record<string, string>;
  if (!Array.isArray(fields)) return new Map(Object.entries(fields));
  return new Map(
    fields.flatMap((name, at) => (at % 2 === 0 ? [[name, fields[at + 1] as string] as const] : [])),
  );
}
