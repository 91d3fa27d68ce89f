import { parseConfig, resolveConfig, type WalmqConfig, type WalmqConfigInput } from '@walmq/config';
import type { Durability, Width } from './plan.js';
import { tableName } from './table-shape.js';

export const QUEUE = 'bench';
export const PREFIX = 'bull';
export const PUBLICATION = 'walmq';

/** Where a contender reads and writes: given to its process as JSON, in its only argument. */
export interface ContenderContext {
  readonly databaseUrl: string;
  readonly redisUrl: string;
  readonly slot: string;
  readonly width: Width;
  readonly durability: Durability;
  /** Changes in all: how many jobs to feed from memory. */
  readonly changes: number;
}

/** walmq's defaults, but for a backlog that is larger than what capture would let pile up. */
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
