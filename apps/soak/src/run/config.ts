import { join } from 'node:path';
import { parseConfig, resolveConfig, type WalmqConfig, type WalmqConfigInput } from '@walmq/config';
import { queuesOf } from '../plan/plan.js';
import type { QueueName, Round } from '../plan/round.js';

/** Tables of each queue; "events" stands for events. */
export const TABLES: Readonly<Record<QueueName, readonly string[]>> = {
  singles: ['accounts'],
  pairs: ['accounts', 'lines'],
  groups: ['accounts'],
  docs: ['docs'],
  events: ['events'],
};

export const ORDERED_BY: Readonly<Record<string, string>> = { groups: 'grp' };
export const ACT_QUEUES: readonly QueueName[] = ['docs'];

/**
 * Instead of 30 s, for which every round with several Redis servers would wait at its end. The soak's servers replace a primary
 * within 2 to 4 s.
 */
const ACK_DELAY_MS = 6000;

/** A queue keeps everything, so that the checker can count it. Everything that waits for a time waits for a short one. */
function queueOptions(round: Round) {
  return {
    attempts: 1000,
    backoff: { delayMs: 20, maxDelayMs: 200 },
    keepCompleted: {},
    concurrency: round.concurrency,
    deadlineMs: 5000,
    stalledAfterMs: 1000,
    maxStalledCount: 1000,
  };
}

export function configOf(round: Round, name: string): WalmqConfigInput {
  const options = queueOptions(round);
  const inputs: Record<QueueName, WalmqConfigInput['queues'][string]> = {
    singles: { ...options, table: 'accounts' },
    pairs: { ...options, tables: ['accounts', 'lines'] },
    groups: { ...options, table: 'accounts', orderBy: 'grp' },
    docs: { ...options, table: 'docs' },
    events: { ...options, messages: true },
  };
  return {
    source: { slot: name, publication: name, deadlineMs: 1000 },
    redis: {
      prefix: name,
      shards: round.shards,
      durability: round.durability === 'replicated' ? { replicated: 1 } : round.durability,
      deadlineMs: 1000,
    },
    capture: {
      batchChanges: round.batchChanges,
      batchesInFlight: round.batchesInFlight,
      ...(round.durability === 'replicated' ? { ackDelayMs: ACK_DELAY_MS } : undefined),
    },
    queues: Object.fromEntries(queuesOf(round).map(queue => [queue, inputs[queue]])),
  };
}

export function resolved(input: WalmqConfigInput, folder: string): WalmqConfig {
  return resolveConfig(parseConfig(input, join(folder, 'walmq.config.mjs')));
}
