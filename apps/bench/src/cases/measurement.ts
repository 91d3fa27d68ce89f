import type { Contender } from './contenders.js';
import type { MachineFacts } from './machine.js';
import type { Case, Durability } from './plan.js';

/** User and system time in seconds. Null if the process or server does not exist or cannot report it. */
export interface CpuSeconds {
  /** The process that reads the slot. */
  readonly reader: number | null;
  /** All worker processes together. */
  readonly workers: number | null;
  readonly redis: number | null;
  /** The server with all its backends. Null where there is no /proc. */
  readonly postgres: number | null;
}

/** Measurement of one drained backlog. */
export interface Drain {
  /** Number of changes between the first poll that found one and the poll that found the last. */
  readonly changes: number;
  readonly seconds: number;
  readonly cpu: CpuSeconds;
  /** Peak resident memory of the reading process in the whole run. Null if there is none, or it cannot report it. */
  readonly peakRssBytes: number | null;
}

export interface Percentiles {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

/** Measurement of one interval at a steady rate. Latencies are milliseconds from the commit. */
export interface Latency {
  readonly changes: number;
  /** Rate that the writer reached. */
  readonly changesPerSecond: number;
  /** To the job in Redis. Null without Redis. Redis' clock gives whole milliseconds. */
  readonly arrived: Percentiles | null;
  /** To the beginning of the handler. */
  readonly begun: Percentiles;
  /** To the end of the handler: with the work `once`, its effect is committed. */
  readonly ended: Percentiles;
  readonly cpu: CpuSeconds;
}

/** Milliseconds from each SIGKILL to the commit of the next effect of a change that was committed after it. */
export interface Recovery {
  readonly flowMs: readonly number[];
}

export interface WriterCost {
  readonly transactions: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly walBytes: number;
}

interface Of {
  readonly case: string;
  readonly contender: Contender;
  readonly durability: Durability | null;
}

/** The runs of one contender in one case, in the order of the rounds. */
export interface ResultOf<Run> extends Of {
  readonly runs: readonly Run[];
}

/** All results of a benchmark, in the form that is saved as JSON. */
export interface Report {
  readonly startedAt: string;
  readonly rounds: number;
  readonly machine: MachineFacts;
  /** A sentence about each peer that was left out, and each run of a peer that failed. */
  readonly skipped: readonly string[];
  readonly cases: readonly Case[];
  readonly arrivals: readonly ResultOf<Drain>[];
  readonly effects: readonly ResultOf<Drain>[];
  readonly latency: readonly ResultOf<Latency>[];
  readonly recovery: readonly ResultOf<Recovery>[];
  readonly writer: readonly ResultOf<WriterCost>[];
}
