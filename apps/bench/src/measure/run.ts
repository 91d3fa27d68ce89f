import { Redis } from 'ioredis';
import type { RunOptions } from '../cases/arguments.js';
import { machineFacts } from '../cases/machine.js';
import type { LatencyResult, Report, ThroughputResult } from '../cases/measurement.js';
import { planCases } from '../cases/plan.js';
import { type Database, withDatabase, withRedis } from '../load/servers.js';
import { measureLatency } from './measure-latency.js';
import { measureThroughput } from './measure-throughput.js';

/** Measures every planned case. */
export async function runBench(options: RunOptions): Promise<Report> {
  const { args, print } = options;
  const cases = planCases(args);
  const startedAt = new Date().toISOString();
  return await withDatabase(async database => {
    const machine = await readMachine(database);
    const throughput: ThroughputResult[] = [];
    const latency: LatencyResult[] = [];
    for (const workload of cases) {
      print(workload.name);
      if (workload.kind === 'throughput')
        throughput.push(...(await measureThroughput(workload, database, options)));
      else latency.push(...(await measureLatency(workload, database, options)));
    }
    return { startedAt, rounds: args.rounds, machine, cases, throughput, latency };
  });
}

async function readMachine(database: Database) {
  return await withRedis('memory', async url => {
    const redis = new Redis(url);
    try {
      return await machineFacts(database.client, redis);
    } finally {
      redis.disconnect();
    }
  });
}
