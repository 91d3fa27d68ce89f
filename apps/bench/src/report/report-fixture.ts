import type { CpuSeconds, Drain, Latency, Percentiles, Report } from '../cases/measurement.js';

const MACHINE = {
  cpu: 'a processor',
  cores: 2,
  memoryBytes: 8 * 1024 ** 3,
  platform: 'linux x64',
  node: 'v20.19.0',
  postgres: '18.4',
  redis: '7.0.15',
  packages: { bullmq: '6.7.0' },
};

const CPU: CpuSeconds = { reader: 0.02, workers: null, redis: 0.03, postgres: null };
const NO_CPU: CpuSeconds = { reader: null, workers: null, redis: null, postgres: null };

/** For tests: 1000 changes in `seconds`. */
function drain(seconds: number, cpu = CPU): Drain {
  return { changes: 1000, seconds, cpu, peakRssBytes: cpu === CPU ? 100 * 1024 ** 2 : null };
}

function latency(p50: number, changesPerSecond = 100): Latency {
  const begun: Percentiles = { p50, p95: 5 * p50, p99: 10 * p50, max: 30 * p50 };
  return { changes: 1000, changesPerSecond, arrived: null, begun, ended: begun, cpu: CPU };
}

const LATENCY_CASE = {
  kind: 'latency',
  name: 'latency-noop-100',
  work: 'no-op',
  changesPerSecond: 100,
  warmUpSeconds: 1,
  seconds: 1,
} as const;

/** For tests: three rounds, with different figures of walmq in each. */
export const REPORT: Report = {
  startedAt: '2026-01-02T03:04:05.678Z',
  rounds: 3,
  machine: MACHINE,
  skipped: ['Left out outbox: a test.'],
  cases: [LATENCY_CASE],
  arrivals: [
    {
      case: 'one-narrow',
      contender: 'postgres',
      durability: null,
      runs: [drain(0.5, NO_CPU), drain(0.5, NO_CPU), drain(0.5, NO_CPU)],
    },
    { case: 'one-narrow', contender: 'glue', durability: 'fsync', runs: [drain(1), drain(2), drain(4)] },
    { case: 'one-narrow', contender: 'walmq', durability: 'fsync', runs: [drain(1), drain(1), drain(9)] },
  ],
  effects: [
    { case: 'once-1', contender: 'walmq', durability: 'fsync', runs: [drain(1)] },
    { case: 'once-1', contender: 'batch', durability: 'fsync', runs: [drain(0.2)] },
    { case: 'once-1', contender: 'graphile', durability: null, runs: [drain(0.1)] },
  ],
  latency: [
    { case: 'latency-noop-100', contender: 'walmq', durability: 'fsync', runs: [latency(1), latency(3)] },
    { case: 'latency-noop-100', contender: 'debezium', durability: 'fsync', runs: [latency(8)] },
    { case: 'latency-noop-100', contender: 'pg-boss', durability: null, runs: [latency(0.1, 50)] },
  ],
  recovery: [
    {
      case: 'recovery-redis',
      contender: 'walmq',
      durability: 'fsync',
      runs: [{ flowMs: [100, 300] }, { flowMs: [200] }],
    },
  ],
  writer: [
    {
      case: 'writer',
      contender: 'postgres',
      durability: null,
      runs: [{ transactions: 10, p50Ms: 0.2, p99Ms: 1, walBytes: 250 }],
    },
  ],
};
