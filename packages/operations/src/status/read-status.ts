import { type Backfill, listOpenBackfills } from '@walmq/backfill';
import {
  formatLsn,
  formatPosition,
  type Lsn,
  messageOf,
  parseLsn,
  WalmqError,
  withStop,
} from '@walmq/change';
import type { WalmqConfig } from '@walmq/config';
import { durabilityVerdict, sourceTag } from '@walmq/fanout';
import type { FiguresReader } from '@walmq/figures';
import {
  foreignKind,
  type OtherPipeline,
  readPipelinesBeside,
  readSlot,
  readSource,
  type Slot,
} from '@walmq/replication';
import { redact } from '@walmq/runtime';
import { readServer } from '@walmq/setup';
import type { Redis } from 'ioredis';
import type { ClientBase, Pool } from 'pg';
import { alertStatus } from '../alerts/alert-status.js';
import { alertKeys, readAlerts } from '../alerts/alert-store.js';
import { readResume } from '../resume/read-resume.js';
import { type ResumeFacts, resumeVerdict } from '../resume/resume.js';
import { type Heartbeats, heartbeatPrefix, readHeartbeats } from './heartbeat.js';
import { isListed } from './is-listed.js';
import type {
  AlertStatus,
  CaptureStatus,
  DatabaseStatus,
  LagStatus,
  PipelineStatus,
  Problem,
  QueueStatus,
  RedisStatus,
  SlotStatus,
  Unreachable,
} from './pipeline-status.js';
import { databaseRemedy, redisRemedy } from './reach-remedy.js';
import { readQueues } from './read-queue.js';
import { readRedisServer } from './read-redis-server.js';
import { readSlotDetail, type SlotDetail } from './read-slot-detail.js';
import { verdicts } from './verdicts.js';

export interface StatusOptions {
  readonly config: WalmqConfig;
  /** Or the reason why there is no connection. */
  readonly database: Pool | Error;
  /** A connection that is open or reconnects by itself, or the reason why there is none. */
  readonly redis: Redis | Error;
  /** Milliseconds after which a server that does not answer counts as unreachable. Default 5000. */
  readonly timeoutMs?: number;
  /** Used again by who looks repeatedly, so that each look asks for less. */
  readonly figures?: FiguresReader;
}

/**
 * Reads the whole status and changes nothing. Never rejects because of a server: an unreachable one is marked
 * as such.
 */
export async function readStatus(options: StatusOptions): Promise<PipelineStatus> {
  const { config } = options;
  const at = new Date();
  const database = await look(options, databaseRemedy, () => readDatabase(options));
  const source = database.reachable ? database.source : null;
  const redis = await look(options, redisRemedy, () => readRedis(options, source));
  const resume =
    database.reachable && database.slot && redis.reachable
      ? await look(options, databaseRemedy, async () => ({
          reachable: true as const,
          facts: await resumeOf(options),
        }))
      : undefined;
  const facts = resume?.reachable ? resume.facts : undefined;
  const { captures, lastActive } = redis.reachable ? redis.heartbeats : { captures: [], lastActive: null };
  const status = {
    at: at.toISOString(),
    slotName: config.source.slot,
    database: database.reachable ? databaseStatus(database, { facts, captures, lastActive, at }) : database,
    redis: redis.reachable ? redisStatus(redis, config) : redis,
    captures,
    lastActive,
    checkpoint: facts?.checkpoint
      ? { position: formatPosition(facts.checkpoint), lsn: formatLsn(facts.checkpoint.lsn) }
      : null,
    checkpointProblem: facts ? checkpointProblem(facts) : null,
    lag: facts ? lagOf(facts, captures) : null,
    alerts: redis.reachable ? redis.alerts : null,
    limits: {
      maxQueueDepth: config.capture.maxQueueDepth,
      maxRedisMemoryShare: config.capture.maxRedisMemoryShare,
    },
    queues: redis.reachable ? redis.queues : [],
    backfills: database.reachable ? database.backfills : [],
    others: database.reachable ? database.others : [],
  };
  return { ...status, verdicts: verdicts(status) };
}

interface DatabaseFacts {
  readonly reachable: true;
  readonly version: number;
  readonly name: string;
  readonly inRecovery: boolean;
  readonly slot: (Slot & SlotDetail) | null;
  readonly walEnd: Lsn | null;
  /** The slot's source, as captures name it. */
  readonly source: string | null;
  readonly backfills: readonly Backfill[];
  readonly others: readonly OtherPipeline[];
}

async function readDatabase(options: StatusOptions): Promise<DatabaseFacts> {
  return await withClient(options.database, async client => {
    const { version, database: name, inRecovery } = await readServer(client);
    const facts = { reachable: true as const, version, name, inRecovery };
    // A standby rejects the functions that report WAL positions.
    if (inRecovery) return { ...facts, slot: null, walEnd: null, source: null, backfills: [], others: [] };
    const { slot: slotName } = options.config.source;
    const [slot, detail] = [await readSlot(client, slotName), await readSlotDetail(client, slotName)];
    const source = await readSource(client);
    return {
      ...facts,
      slot: slot && detail ? { ...slot, ...detail } : null,
      walEnd: source.walEnd,
      source: sourceTag({ ...source, slot: slotName }),
      backfills: await listOpenBackfills(client, slotName),
      others: await readPipelinesBeside(client, slotName),
    };
  });
}

interface RedisFacts {
  readonly reachable: true;
  readonly server: Awaited<ReturnType<typeof readRedisServer>>;
  readonly heartbeats: Heartbeats;
  readonly queues: readonly QueueStatus[];
  readonly alerts: AlertStatus | null;
}

async function readRedis(options: StatusOptions, source: string | null): Promise<RedisFacts> {
  const { config } = options;
  const redis = usable(options.redis);
  const prefix = heartbeatPrefix(config.redis);
  const queues = await readQueues(redis, Object.values(config.queues), options.figures);
  return {
    reachable: true,
    server: await readRedisServer(redis),
    heartbeats: await readHeartbeats(redis, prefix, { slot: config.source.slot, source }),
    queues: queues.filter(queue => isListed(queue, config)),
    alerts: config.alerts ? alertStatus(await readAlerts(redis, alertKeys(config))) : null,
  };
}

async function resumeOf(options: StatusOptions): Promise<ResumeFacts | undefined> {
  return await withClient(options.database, client =>
    readResume(client, usable(options.redis), options.config),
  );
}

async function withClient<T>(pool: Pool | Error, act: (client: ClientBase) => Promise<T>): Promise<T> {
  if (pool instanceof Error) throw pool;
  const client = await pool.connect();
  let broken: Error | undefined;
  // The pending query rejects with the same error; without a listener this event would end the process.
  const lost = (error: Error) => {
    broken = error;
  };
  client.on('error', lost);
  try {
    return await act(client);
  } catch (cause) {
    broken = cause as Error;
    throw cause;
  } finally {
    client.off('error', lost);
    client.release(broken);
  }
}

/** A connection that reconnects by itself lets commands wait without a limit. This look must not wait. */
function usable(redis: Redis | Error): Redis {
  if (redis instanceof Error) throw redis;
  if (redis.status === 'ready') return redis;
  throw new WalmqError('REDIS_UNREACHABLE', `the connection is ${redis.status}.`);
}

/** The result within the time limit, or unreachable with the reason. */
async function look<T extends { reachable: true }>(
  { timeoutMs = 5000 }: StatusOptions,
  remedyFor: (cause: unknown) => string,
  read: () => Promise<T>,
): Promise<T | Unreachable> {
  let timer: NodeJS.Timeout | undefined;
  const unreachable = (cause: unknown): Unreachable => ({
    reachable: false,
    reason: redact(reasonOf(cause)),
    remedy: remedyFor(cause),
  });
  const late = new Promise<Unreachable>(resolve => {
    timer = setTimeout(() => resolve(unreachable(new Error(`no answer within ${timeoutMs} ms`))), timeoutMs);
  });
  try {
    return await Promise.race([read().catch(unreachable), late]);
  } finally {
    clearTimeout(timer);
  }
}

function reasonOf(cause: unknown): string {
  // The verdict already says that the server cannot be reached; the cause says why.
  const known = cause instanceof WalmqError && cause.code === 'REDIS_UNREACHABLE' ? cause.cause : undefined;
  return withStop(messageOf(known ?? cause));
}

function databaseStatus(
  { version, name, inRecovery, slot, walEnd }: DatabaseFacts,
  said: Heartbeats & { facts: ResumeFacts | undefined; at: Date },
): DatabaseStatus {
  const end = said.facts?.walEnd ?? walEnd;
  return {
    reachable: true,
    version: `${Math.floor(version / 10_000)}.${version % 10_000}`,
    name,
    inRecovery,
    walEnd: end === null ? null : formatLsn(end),
    slot: slot && withForeign(slotStatus(slot, said, walEnd), foreignKind(slot, name)),
  };
}

function withForeign(slot: SlotStatus, foreign: string | undefined): SlotStatus {
  return foreign === undefined ? slot : { ...slot, foreign };
}

function slotStatus(
  slot: Slot & SlotDetail,
  { captures, lastActive, at }: Heartbeats & { at: Date },
  walEnd: Lsn | null,
): SlotStatus {
  const caughtUpAt = captures.find(({ role }) => role === 'active')?.caughtUpAt ?? lastActive?.caughtUpAt;
  const ageSeconds = caughtUpAt ? Math.max(0, (at.getTime() - Date.parse(caughtUpAt)) / 1000) : null;
  return {
    name: slot.name,
    active: slot.active,
    activePid: slot.activePid,
    confirmedFlushLsn: formatLsn(slot.confirmedFlushLsn),
    walStatus: slot.walStatus,
    invalidationReason: slot.invalidationReason,
    retainedWalBytes: slot.retainedWalBytes,
    safeWalBytes: slot.safeWalBytes,
    failover: slot.failover,
    oldestUnconfirmedSeconds: walEnd !== null && slot.confirmedFlushLsn >= walEnd ? 0 : ageSeconds,
  };
}

function redisStatus({ server }: RedisFacts, { redis }: WalmqConfig): RedisStatus {
  const { errors } = durabilityVerdict(redis.durability, redis.trustDurability, server.persistence);
  return {
    reachable: true,
    informs: server.informs,
    product: server.product,
    version: server.version,
    usedMemoryBytes: server.usedMemoryBytes,
    maxMemoryBytes: server.maxMemoryBytes,
    maxMemoryPolicy: server.persistence.maxmemoryPolicy ?? null,
    onlineReplicas: server.onlineReplicas,
    problems: [...infoProblems(server), ...errors.map(problemOf), ...writeProblems(server)],
  };
}

function infoProblems({ informs }: RedisFacts['server']): Problem[] {
  if (informs) return [];
  return [
    {
      code: 'REDIS_DENIED',
      sentence:
        'Redis refuses INFO: version, role, memory and replicas are unknown, and no capture or worker can start.',
      remedy:
        'Give the user of REDIS_URL the right (ACL SETUSER <user> +info), or choose a plan that allows INFO: BullMQ reads the version with it.',
    },
  ];
}

/** Why nothing can be written. In a cluster any node may answer, and that node need not take the writes. */
function writeProblems({ role, cluster, writesAppendOnlyFile }: RedisFacts['server']): Problem[] {
  const problems: Problem[] = [];
  if (role === 'slave' && !cluster)
    problems.push({
      code: 'REDIS_READ_ONLY',
      sentence: 'Redis is a replica, which takes no writes.',
      remedy: 'Set REDIS_URL to the primary; if this is to be the primary: REPLICAOF NO ONE.',
    });
  if (!writesAppendOnlyFile)
    problems.push({
      code: 'REDIS_WRITES_FAIL',
      sentence: 'Redis could not write to its append-only file, and takes no writes until it can.',
      remedy: 'Read the log of Redis, and repair the disk or make room on it.',
    });
  return problems;
}

function checkpointProblem(facts: ResumeFacts): Problem | null {
  const verdict = resumeVerdict(facts);
  return verdict.verdict === 'refuse' ? problemOf(verdict.error) : null;
}

function problemOf({ code, message, remedy = '' }: WalmqError): Problem {
  return { code, sentence: message, remedy };
}

function lagOf({ walEnd, confirmedFlush }: ResumeFacts, captures: readonly CaptureStatus[]): LagStatus {
  const positions = captures.find(({ role }) => role === 'active')?.positions;
  const acknowledgedBytes = Math.max(0, Number(walEnd - confirmedFlush));
  // A capture's report is up to a second old. It is never ahead of the newer end of the WAL. It may be behind
  // a newer acknowledgement, but what is acknowledged has passed all earlier steps.
  const behind = (lsn: string | undefined) =>
    lsn === undefined ? null : Math.min(acknowledgedBytes, Math.max(0, Number(walEnd - parseLsn(lsn))));
  return {
    receivedBytes: behind(positions?.received),
    enqueuedBytes: behind(positions?.enqueued),
    durableBytes: behind(positions?.durable),
    acknowledgedBytes,
  };
}
