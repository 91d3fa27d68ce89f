import { performance } from 'node:perf_hooks';
import { withoutStop } from '@walmq/change';
import type { WalmqConfig } from '@walmq/config';
import { durabilityVerdict, type RedisPersistence } from '@walmq/fanout';
import { bytesText, type RedisServer, readRedisServer } from '@walmq/operations';
import type { Redis } from 'ioredis';
import { type Check, error, ok, warning } from '../check.js';

/** Version, role, settings and latency of Redis. */
export interface RedisFacts extends RedisServer {
  readonly medianPingMs: number;
}

const OLDEST = [6, 2] as const;
const PINGS = 5;
/**
 * Latency above which doctor warns. Enqueueing waits for the reply to each batch, so with a higher latency a single batch
 * in flight is too slow for most workloads.
 */
const SLOW_PING_MS = 20;
/** Share of a limit above which doctor warns. */
const NEAR = 0.8;

export async function readRedis(redis: Redis): Promise<RedisFacts> {
  return { ...(await readRedisServer(redis)), medianPingMs: await medianPing(redis) };
}

async function medianPing(redis: Redis): Promise<number> {
  const times: number[] = [];
  for (let ping = 0; ping < PINGS; ping++) {
    const begun = performance.now();
    await redis.ping();
    times.push(performance.now() - begun);
  }
  return times.sort((a, b) => a - b)[Math.floor(PINGS / 2)] as number;
}

type RedisOptions = Pick<WalmqConfig['redis'], 'durability' | 'trustDurability'> & {
  /** Share of maxmemory above which capture pauses. */
  readonly maxMemoryShare: number;
  /** True if the URL names a cluster (redis+cluster://). */
  readonly followsCluster: boolean;
  /** True if the keys of a shard have a hash tag, which keeps them on one node. */
  readonly hasHashTags: boolean;
};

export function redisChecks(facts: RedisFacts, options: RedisOptions): Check[] {
  return [
    serverCheck(facts, options),
    ...durabilityChecks(facts, options),
    ...(facts.informs ? [memoryCheck(facts, options.maxMemoryShare)] : []),
    latencyCheck(facts),
  ];
}

function serverCheck(
  { informs, product, version, commandsOf, role, cluster }: RedisFacts,
  { followsCluster, hasHashTags }: RedisOptions,
): Check {
  if (!informs)
    return warning(
      'redis',
      'Redis refuses INFO, so its version, role, memory and replicas are unknown',
      `Check with your provider that it is Redis ${OLDEST.join('.')} or newer, or Valkey, that REDIS_URL leads to the primary, and how much memory it has.`,
    );
  const found = `${product} ${version}`;
  if (isOlder(commandsOf, OLDEST))
    return error('redis', `${found}: too old`, `Upgrade to Redis ${OLDEST.join('.')} or newer, or Valkey.`);
  if (cluster && !followsCluster)
    return error(
      'redis',
      `${found} is one of a cluster, and only the keys on this node are found`,
      'Set REDIS_URL to the same address as redis+cluster:// (rediss+cluster:// with TLS).',
    );
  if (cluster && !hasHashTags)
    return error(
      'redis',
      `${found} is one of a cluster, where a script's keys have to be on one node`,
      'Set redis.shards in walmq.config.ts to 2 or more.',
    );
  if (cluster) return ok('redis', `${found}, one of a cluster: what follows is told of one of its nodes`);
  if (role !== 'master')
    return error('redis', `${found} is a replica, which takes no writes`, 'Set REDIS_URL to the primary.');
  return ok('redis', found);
}

function isOlder(version: string, [major, minor]: readonly [number, number]): boolean {
  const [itsMajor = 0, itsMinor = 0] = version.split('.').map(Number);
  return itsMajor < major || (itsMajor === major && itsMinor < minor);
}

/** The same verdict as in capture before it reads the first change. */
function durabilityChecks(facts: RedisFacts, { durability, trustDurability }: RedisOptions): Check[] {
  const verdict = durabilityVerdict(durability, trustDurability, facts.persistence);
  const eviction = verdict.errors.find(({ code }) => code === 'REDIS_MAY_EVICT');
  const durable = verdict.errors.find(({ code }) => code !== 'REDIS_MAY_EVICT');
  return [
    durable
      ? error('redis-durability', withoutStop(durable.message), durable.remedy ?? '')
      : promiseCheck(facts, durability, verdict.unchecked),
    ...(eviction
      ? [error('redis-eviction', withoutStop(eviction.message), eviction.remedy ?? '')]
      : verdict.unchecked
        ? []
        : [ok('redis-eviction', 'maxmemory-policy is noeviction')]),
  ];
}

function promiseCheck(facts: RedisFacts, durability: RedisOptions['durability'], unchecked: boolean): Check {
  if (!facts.writesAppendOnlyFile)
    return error(
      'redis-durability',
      'the last write to the append-only file failed, and Redis refuses writes',
      'See its log and mend the disk.',
    );
  if (typeof durability === 'object') return replicaCheck(facts, durability.replicated);
  if (unchecked)
    return warning(
      'redis-durability',
      `Redis does not say how it keeps data; "${durability}" is taken on trust`,
      'Check with your provider that it keeps every write and evicts nothing.',
    );
  if (durability === 'memory')
    return ok('redis-durability', 'memory: a crash of Redis loses acknowledged changes, as configured');
  return ok('redis-durability', `fsync: appendonly yes, ${fsyncText(facts.persistence)}`);
}

function fsyncText({ appendfsync }: RedisPersistence): string {
  return appendfsync === 'always' ? 'appendfsync always' : 'every batch confirmed by WAITAOF';
}

function replicaCheck({ informs, onlineReplicas }: RedisFacts, wanted: number): Check {
  if (!informs)
    return warning(
      'redis-durability',
      `Redis does not say how many replicas it has, of ${wanted} that redis.durability needs`,
      'Check with your provider. Capture asks with WAIT after every batch, and pauses while there are fewer.',
    );
  const found = `${onlineReplicas} of ${wanted} replicas online`;
  if (onlineReplicas >= wanted) return ok('redis-durability', found);
  return error(
    'redis-durability',
    `${found}: nothing is acknowledged until they are`,
    'Start the replicas, or lower redis.durability in walmq.config.ts.',
  );
}

function memoryCheck(facts: RedisFacts, maxMemoryShare: number): Check {
  const { usedMemoryBytes: used, maxMemoryBytes: limit, systemMemoryBytes: system } = facts;
  const remedy = 'Let the workers catch up, or give Redis more memory.';
  if (limit === 0) {
    const found = `${bytesText(used)} used, no maxmemory`;
    if (system > 0 && used > NEAR * system)
      return warning('redis-memory', `${found}, of ${bytesText(system)} on its machine`, remedy);
    return ok('redis-memory', found);
  }
  const found = `${bytesText(used)} used of ${bytesText(limit)} (maxmemory)`;
  if (used >= maxMemoryShare * limit)
    return error('redis-memory', `${found}: past capture.maxRedisMemoryShare, so capture pauses`, remedy);
  if (used >= NEAR * maxMemoryShare * limit)
    return warning(
      'redis-memory',
      `${found}: capture pauses at ${bytesText(maxMemoryShare * limit)}`,
      remedy,
    );
  return ok('redis-memory', found);
}

function latencyCheck({ medianPingMs }: RedisFacts): Check {
  const found = `a PING takes ${medianPingMs.toFixed(1)} ms (median of ${PINGS})`;
  if (medianPingMs <= SLOW_PING_MS) return ok('redis-latency', found);
  return warning('redis-latency', `${found}: every batch waits as long`, 'Run capture near Redis.');
}
