import type { RunOptions } from '../cases/arguments.js';
import type { ContenderContext } from '../cases/bench-config.js';
import type { Latency, LatencyResult } from '../cases/measurement.js';
import { type Entry, type LatencyCase, planRound } from '../cases/plan.js';
import { Child, programPath } from '../load/child.js';
import { SteadyWriter } from '../load/commit-at-rate.js';
import { withContender } from '../load/contender.js';
import { createSlot, dropSlot, emptyTables, slotName } from '../load/database.js';
import { type Database, withRedis } from '../load/servers.js';
import { until } from '../load/until.js';
import { percentile } from './statistics.js';

/**
 * Measures the time from commit to the handler of a plain BullMQ worker. Contenders run in turn, each with a new slot
 * and an empty Redis.
 */
export async function measureLatency(
  workload: LatencyCase,
  database: Database,
  { args, print }: RunOptions,
): Promise<LatencyResult[]> {
  const entries = planRound('latency', args.contenders, args.durabilities);
  const runs = Array.from({ length: args.rounds }, () => entries).flat();
  const found = new Map<Entry, Latency[]>(entries.map(entry => [entry, []]));
  for (const [run, entry] of runs.entries()) {
    const slot = slotName(workload, run);
    const latency = await measureOnce({ workload, entry, database, slot, against: args.against });
    found.get(entry)?.push(latency);
    print(
      `  ${workload.name} ${entry.contender} ${entry.durability}: p50 ${latency.p50Ms.toFixed(2)} ms, ` +
        `p99 ${latency.p99Ms.toFixed(2)} ms at ${Math.round(latency.changesPerSecond)}/s`,
    );
  }
  return entries.map(entry => ({ case: workload.name, ...entry, runs: found.get(entry) ?? [] }));
}

const HANDLED_MS = 120_000;

interface StretchOptions {
  readonly workload: LatencyCase;
  readonly entry: Entry;
  readonly database: Database;
  readonly slot: string;
  readonly against: string | undefined;
}

async function measureOnce(options: StretchOptions): Promise<Latency> {
  const { workload, entry, database, slot, against } = options;
  const { contender, durability } = entry;
  if (contender === 'postgres' || durability === null) throw new Error('PostgreSQL alone handles no jobs');
  await emptyTables(database.client);
  await createSlot(database.client, slot);
  try {
    return await withRedis(durability, async redisUrl => {
      const source = { databaseUrl: database.url, slot, width: 'narrow', changes: 0 } as const;
      const context: ContenderContext = { ...source, redisUrl, durability };
      return await withContender({ contender, context, against }, reader =>
        withHandler(context, handler =>
          measureStretch({ workload, databaseUrl: database.url, reader, handler }),
        ),
      );
    });
  } finally {
    await dropSlot(database.client, slot);
  }
}

async function withHandler<T>(context: ContenderContext, act: (handler: Child) => Promise<T>): Promise<T> {
  const handler = new Child({ program: programPath('handler'), args: [JSON.stringify(context)] });
  try {
    await handler.hear('ready');
    return await act(handler);
  } finally {
    await handler.stop();
  }
}

async function measureStretch(options: {
  readonly workload: LatencyCase;
  readonly databaseUrl: string;
  readonly reader: Child;
  readonly handler: Child;
}): Promise<Latency> {
  const { reader, handler } = options;
  const { changesPerSecond, warmUpSeconds, seconds } = options.workload;
  const writer = new SteadyWriter(options.databaseUrl);
  const allHandled = (count: number) =>
    until({ what: `handling of change ${count}`, everyMs: 20, withinMs: HANDLED_MS }, async () => {
      reader.assertAlive();
      return (await handler.ask<number>('handled')) >= count || undefined;
    });
  try {
    // The first change waits until all processes are running.
    await writer.write(1, 1000);
    await allHandled(1);
    const warmUp = changesPerSecond * warmUpSeconds;
    await writer.write(warmUp, changesPerSecond);
    await allHandled(1 + warmUp);
    await handler.ask('latencies');

    const before = await reader.usage();
    const reached = await writer.write(changesPerSecond * seconds, changesPerSecond);
    await allHandled(1 + warmUp + changesPerSecond * seconds);
    const after = await reader.usage();
    const latencies = await handler.ask<number[]>('latencies');
    return {
      changes: latencies.length,
      changesPerSecond: reached,
      p50Ms: percentile(latencies, 0.5),
      p99Ms: percentile(latencies, 0.99),
      p999Ms: percentile(latencies, 0.999),
      maxMs: percentile(latencies, 1),
      cpuSeconds: after.cpuSeconds - before.cpuSeconds,
    };
  } finally {
    await writer.end();
  }
}
