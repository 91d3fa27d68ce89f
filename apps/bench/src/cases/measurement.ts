import type { MachineFacts } from './machine.js';
import type { Case, Contender, Durability } from './plan.js';

/** One drained backlog. */
export interface Drain {
  /** Changes between the first look that found a job and the one that found the last. */
  readonly changes: number;
  readonly seconds: number;
  /** User and system time of the reading process in that stretch; null where it cannot be asked. */
  readonly cpuSeconds: number | null;
  /** Of the whole run. */
  readonly peakRssBytes: number | null;
  /** Of the Redis server in that stretch. */
  readonly redisCpuSeconds: number | null;
}

/** One stretch at a steady rate. Milliseconds from commit to handler. */
export interface Latency {
  readonly changes: number;
  /** What the generator reached. */
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

/** All that a benchmark found: what is saved as JSON. */
export interface Report {
  readonly startedAt: string;
  readonly rounds: number;
  readonly machine: MachineFacts;
  readonly cases: readonly Case[];
  readonly throughput: readonly ThroughputResult[];
  readonly latency: readonly LatencyResult[];
}
