import { parseConfig, resolveConfig, type WalmqConfig, type WalmqConfigInput } from '@walmq/config';
import type { Durability, Width } from './plan.js';
import { tableName } from './table-shape.js';

export const QUEUE = 'bench';
export const PREFIX = 'bull';
export const PUBLICATION = 'walmq';

/** Servers, slot and workload of a contender. Its process gets them as JSON in its only argument. */
export interface ContenderContext {
  readonly databaseUrl: string;
  readonly redisUrl: string;
  readonly slot: string;
  readonly width: Width;
  readonly durability: Durability;
  /** Number of changes: the jobs that the contender `redis` enqueues from memory. */
  readonly changes: number;
}

/** walmq's defaults, except for maxQueueDepth: the backlog is larger than its default, at which capture would pause. */
export function configInput({ slot, width, durability }: ContenderContext): WalmqConfigInput {
  return {
    source: { slot, publication: PUBLICATION },
    redis: { prefix: PREFIX, durability },
    capture: { maxQueueDepth: 100_000_000 },
    queues: { [QUEUE]: { table: tableName(width) } },
  };
}

export function benchConfig(context: ContenderContext): WalmqConfig {
  return resolveConfig(parseConfig(configInput(context), 'the benchmark'));
}
