import type { Drain, Latency, Report } from '../cases/measurement.js';

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

/** For tests: 1000 changes in `seconds`. */
function drain(seconds: number): Drain {
  return { changes: 1000, seconds, cpuSeconds: 0.02, peakRssBytes: 100 * 1024 ** 2, redisCpuSeconds: 0.03 };
}

/** A drain by a program that does not report its resource usage. */
function ceiling(seconds: number): Drain {
  return { ...drain(seconds), cpuSeconds: null, peakRssBytes: null, redisCpuSeconds: null };
}

function latency(p50Ms: number): Latency {
  const around = { p50Ms, p99Ms: 10 * p50Ms, p999Ms: 20 * p50Ms, maxMs: 30 * p50Ms };
  return { changes: 1000, changesPerSecond: 100, cpuSeconds: 0.5, ...around };
}

/** For tests: three rounds, with different figures of walmq in each. */
export const REPORT: Report = {
  startedAt: '2026-01-02T03:04:05.678Z',
  rounds: 3,
  machine: MACHINE,
  cases: [],
  throughput: [
    {
      case: 'one-narrow',
      contender: 'postgres',
      durability: null,
      runs: [ceiling(0.5), ceiling(0.5), ceiling(0.5)],
    },
    { case: 'one-narrow', contender: 'glue', durability: 'fsync', runs: [drain(1), drain(2), drain(4)] },
    { case: 'one-narrow', contender: 'walmq', durability: 'fsync', runs: [drain(1), drain(1), drain(9)] },
  ],
  latency: [{ case: 'latency-100', contender: 'walmq', durability: 'fsync', runs: [latency(1), latency(3)] }],
};
