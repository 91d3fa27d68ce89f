import { Redis } from 'ioredis';
import type { RunOptions } from '../cases/arguments.js';
import { type MachineFacts, machineFacts } from '../cases/machine.js';
import type { Report } from '../cases/measurement.js';
import { type Case, planCases } from '../cases/plan.js';
import { Databases, withRedis } from '../load/servers.js';
import { measureArrivals } from './measure-arrivals.js';
import { measureEffects } from './measure-effects.js';
import { measureLatency } from './measure-latency.js';
import { measureRecovery } from './measure-recovery.js';
import { measureWriter } from './measure-writer.js';

type Results = {
  -readonly [Part in 'arrivals' | 'effects' | 'latency' | 'recovery' | 'writer']: Report[Part];
};

/** Measures every planned case. */
export async function runBench(
  { args, print }: Pick<RunOptions, 'args' | 'print'>,
  leftOut: readonly string[],
): Promise<Report> {
  const skipped = [...leftOut];
  const onFailed = (sentence: string) => {
    print(`  ${sentence}`);
    skipped.push(sentence);
  };
  const cases = planCases(args);
  const startedAt = new Date().toISOString();
  return await Databases.with(async databases => {
    const machine = await readMachine(databases);
    const results: Results = { arrivals: [], effects: [], latency: [], recovery: [], writer: [] };
    for (const workload of cases) {
      print(workload.name);
      await measureInto(results, workload, databases, { args, print, onFailed });
    }
    return { startedAt, rounds: args.rounds, machine, skipped, cases, ...results };
  });
}

async function measureInto(
  results: Results,
  workload: Case,
  databases: Databases,
  options: RunOptions,
): Promise<void> {
  switch (workload.kind) {
    case 'arrival':
      results.arrivals = [...results.arrivals, ...(await measureArrivals(workload, databases, options))];
      break;
    case 'effect':
      results.effects = [...results.effects, ...(await measureEffects(workload, databases, options))];
      break;
    case 'latency':
      results.latency = [...results.latency, ...(await measureLatency(workload, databases, options))];
      break;
    case 'recovery':
      results.recovery = [...results.recovery, ...(await measureRecovery(workload, options))];
      break;
    case 'writer':
      results.writer = [...results.writer, ...(await measureWriter(workload, databases, options))];
      break;
  }
}

async function readMachine(databases: Databases): Promise<MachineFacts> {
  const { client } = await databases.of('plain');
  return await withRedis({ durability: 'memory' }, async ({ url }) => {
    const redis = new Redis(url);
    try {
      return await machineFacts(client, redis);
    } finally {
      redis.disconnect();
    }
  });
}
