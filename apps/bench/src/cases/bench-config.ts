import { parseConfig, resolveConfig, type WalmqConfig, type WalmqConfigInput } from '@walmq/config';
import type { Durability, Keys, Width, Work } from './plan.js';
import { ORDERING_COLUMN, tableName } from './table-shape.js';

export const QUEUE = 'bench';
export const PREFIX = 'bull';
export const PUBLICATION = 'walmq';

/** Servers, slot and workload of a contender. Its processes get them as JSON in their only argument. */
export interface ContenderContext {
  readonly databaseUrl: string;
  readonly redisUrl: string;
  readonly slot: string;
  readonly width: Width;
  readonly durability: Durability;
  readonly keys: Keys;
  /** Number of changes: the jobs that the contender `redis` enqueues from memory. */
  readonly changes: number;
  /** True for the settings of docs/guides/throughput.md. */
  readonly isForThroughput: boolean;
}

/** What a consumer needs beside the servers. */
export interface ConsumerContext extends ContenderContext {
  readonly work: Work;
  readonly isTuned: boolean;
  /** Path of the compiled package @walmq/worker. */
  readonly kit: string;
  /** Folder of the installed peers. */
  readonly peersFolder: string;
}

/** Number of handlers of a process at the same time. For effects no more than the kit has connections. */
export function concurrencyOf(work: Work): number {
  return work === 'once' ? 20 : 50;
}

/** Maximum number of changes in a batch of the kit. */
export const BATCH = { size: 100, waitMs: 5 };

/** docs/guides/throughput.md, 2 and 3. */
const QUEUE_FOR_THROUGHPUT = { bullmqEvents: false, keepCompleted: { count: 0 } };

/** walmq's defaults, except for maxQueueDepth: the backlog is larger than its default, at which capture would pause. */
export function configInput(
  { slot, width, durability, keys, isForThroughput }: ContenderContext,
  work: Work = 'no-op',
): WalmqConfigInput {
  const queue = {
    table: tableName(width),
    concurrency: concurrencyOf(work),
    ...(isForThroughput ? QUEUE_FOR_THROUGHPUT : {}),
  };
  return {
    source: { slot, publication: PUBLICATION },
    redis: { prefix: PREFIX, durability },
    capture: { maxQueueDepth: 100_000_000 },
    queues: { [QUEUE]: keys === 'row' ? queue : { ...queue, orderBy: ORDERING_COLUMN } },
  };
}

export function benchConfig(context: ContenderContext): WalmqConfig {
  return resolveConfig(parseConfig(configInput(context), 'the benchmark'));
}
