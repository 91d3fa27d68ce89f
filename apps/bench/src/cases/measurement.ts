import type { MachineFacts } from './machine.js';
import type { Case, Contender, Durability } from './plan.js';

/** Measurement of one drained backlog. */
export interface Drain {
  /** Number of changes between the first poll that found a job and the poll that found the last job. */
  readonly changes: number;
  readonly seconds: number;
  /** User and system time of the reading process in that interval. Null if the process cannot report it. */
  readonly cpuSeconds: number | null;
  /** Peak resident memory of the reading process in the whole run. Null if the process cannot report it. */
  readonly peakRssBytes: number | null;
  /** User and system time of the Redis server in that interval. Null without Redis. */
  readonly redisCpuSeconds: number | null;
}

/** Measurement of one interval at a steady rate. Latencies are milliseconds from commit to handler. */
export interface Latency {
  readonly changes: number;
  /** Rate that the generator reached. */
  readonly changesPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  readonly maxMs: number;
  readonly cpuSeconds: number | null;
}

interface Of {
  readonly case: string;
  readonly contender: Contender;
  readonly durability: Durability | null;
}

export interface ThroughputResult extends Of {
  readonly runs: readonly Drain[];
}

export interface LatencyResult extends Of {
  readonly runs: readonly Latency[];
}

/** All results of a benchmark, in the form that is saved as JSON. */
export interface Report {
  readonly startedAt: string;
  readonly rounds: number;
  readonly machine: MachineFacts;
  readonly cases: readonly Case[];
  readonly throughput: readonly ThroughputResult[];
  readonly latency: readonly LatencyResult[];
}
