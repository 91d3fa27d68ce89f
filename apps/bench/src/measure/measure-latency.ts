import { Redis } from 'ioredis';
import type { RunOptions } from '../cases/arguments.js';
import { PREFIX, QUEUE } from '../cases/bench-config.js';
import { FACTS } from '../cases/contenders.js';
import type { Latency, Percentiles, ResultOf } from '../cases/measurement.js';
import type { Entry, LatencyCase } from '../cases/plan.js';
import { streamName, tableName } from '../cases/table-shape.js';
import type { HandledTimes } from '../consumers/handled.js';
import { SteadyWriter } from '../load/commit-at-rate.js';
import { createSlot, dropSlot, emptyTables, slotName } from '../load/database.js';
import type { Database, Databases } from '../load/servers.js';
import { until } from '../load/until.js';
import { measureRounds } from './rounds.js';
import { cpuBetween, cpuOf, type Sides } from './sides.js';
import { percentile } from './statistics.js';
import { type System, withSystem } from './with-system.js';

const HANDLED_MS = 30_000;
/** Number of events that BullMQ keeps: all of a run, because their ids say when a job has arrived. */
const EVENTS = 10_000_000;

/** Measures the time from commit to Redis, to the handler and to its end. */
export async function measureLatency(
  workload: LatencyCase,
  databases: Databases,
  options: RunOptions,
): Promise<ResultOf<Latency>[]> {
  return await measureRounds(workload, options, {
    measure: (entry, run) => measureOnce({ workload, entry, run, databases, against: options.args.against }),
    describe: ({ ended, changesPerSecond }) =>
      `p50 ${ended.p50.toFixed(2)} ms, p99 ${ended.p99.toFixed(2)} ms at ${Math.round(changesPerSecond)}/s`,
  });
}

async function measureOnce(options: {
  readonly workload: LatencyCase;
  readonly entry: Entry;
  readonly run: number;
  readonly databases: Databases;
  readonly against: string | undefined;
}): Promise<Latency> {
  const { workload, entry, run, databases, against } = options;
  const database = await databases.of(FACTS[entry.contender].database);
  const slot = slotName(workload, run);
  await emptyTables(database);
  await createSlot(database, slot);
  try {
    const { work } = workload;
    return await withSystem(
      {
        entry,
        database,
        slot,
        work,
        against,
        keys: 'row',
        workers: 1,
        changes: 0,
        onRedis: async ({ url }) => await keepEvents(url),
      },
      system => measureStretch(workload, system),
    );
  } finally {
    await dropSlot(database, slot);
  }
}

async function measureStretch(
  { changesPerSecond, warmUpSeconds, seconds }: LatencyCase,
  { startReader, ...others }: System,
): Promise<Latency> {
  const { database, workers, redis } = others;
  const writer = new SteadyWriter(database.url);
  const reader = await startReader();
  const sides: Sides = { ...others, reader };
  const allHandled = (count: number) =>
    until({ what: `handling of change ${count}`, everyMs: 20, withinMs: HANDLED_MS }, async () => {
      reader?.assertAlive();
      return (await workers.handled()) >= count || undefined;
    });
  try {
    // The first change waits until all processes are running.
    await writer.write(1, 1000);
    await allHandled(1);
    const warmUp = changesPerSecond * warmUpSeconds;
    await writer.write(warmUp, changesPerSecond);
    await allHandled(1 + warmUp);
    await workers.takeTimes();

    const before = await cpuOf(sides);
    const reached = await writer.write(changesPerSecond * seconds, changesPerSecond);
    await allHandled(1 + warmUp + changesPerSecond * seconds);
    const after = await cpuOf(sides);
    const times = await workers.takeTimes();
    const committed = await commitTimes(database);
    const arrivedMs = redis ? await arrivalTimes(redis.url) : undefined;
    const sinceCommit = (of: (taken: HandledTimes, index: number) => number | undefined) =>
      percentilesOf(
        times.flatMap(taken =>
          taken.ids.map((id, index) => (of(taken, index) ?? Number.NaN) - (committed.get(id) ?? Number.NaN)),
        ),
      );
    return {
      changes: times.reduce((sum, { ids }) => sum + ids.length, 0),
      changesPerSecond: reached,
      arrived: arrivedMs ? sinceCommit(({ jobIds }, index) => arrivedMs.get(jobIds[index] as string)) : null,
      begun: sinceCommit(({ begunMs }, index) => begunMs[index]),
      ended: sinceCommit(({ endedMs }, index) => endedMs[index]),
      cpu: cpuBetween(before, after),
    };
  } finally {
    await writer.end();
  }
}

function percentilesOf(values: readonly number[]): Percentiles {
  const at = (share: number) => percentile(values, share);
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1) };
}

/** Milliseconds since 1970 at which each row was committed, by its id. */
async function commitTimes({ client }: Database): Promise<Map<number, number>> {
  const { rows } = await client.query<{ id: string; ms: number }>(
    `SELECT id, extract(epoch FROM pg_xact_commit_timestamp(xmin))::float8 * 1000 AS ms FROM ${tableName('narrow')}`,
  );
  return new Map(rows.map(({ id, ms }) => [Number(id), ms]));
}

async function keepEvents(redisUrl: string): Promise<void> {
  const redis = new Redis(redisUrl);
  await redis.hset(`${PREFIX}:${QUEUE}:meta`, 'opts.maxLenEvents', EVENTS);
  redis.disconnect();
}

/** Milliseconds since 1970 at which each job or record came to Redis, by the id that its consumer has noted. */
async function arrivalTimes(redisUrl: string): Promise<Map<string, number>> {
  const redis = new Redis(redisUrl);
  try {
    const records = await redis.xrange(streamName('narrow'), '-', '+');
    const events = await redis.xrange(`${PREFIX}:${QUEUE}:events`, '-', '+');
    return new Map([
      ...records.map(([id]) => [id, msOf(id)] as const),
      ...events.flatMap(([id, fields]) => {
        const event = Object.fromEntries(pairs(fields));
        return event.event === 'waiting' ? [[changeIdOf(event.jobId as string), msOf(id)] as const] : [];
      }),
    ]);
  } finally {
    redis.disconnect();
  }
}

function msOf(streamId: string): number {
  return Number(streamId.split('-')[0]);
}

/** walmq's job ids are the change's id and a tag of its source. */
function changeIdOf(jobId: string): string {
  return /^[0-9A-F]{16}-\d{10}(?=-)/.exec(jobId)?.[0] ?? jobId;
}

function pairs(fields: readonly string[]): [string, string][] {
  return fields.flatMap((name, index) =>
    index % 2 === 0 ? [[name, fields[index + 1] as string] as [string, string]] : [],
  );
}
