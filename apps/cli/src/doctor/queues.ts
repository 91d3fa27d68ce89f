import { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { type Check, error, ok, warning } from './check.js';

export interface QueueFacts {
  readonly name: string;
  readonly waiting: number;
  readonly active: number;
  readonly delayed: number;
  /** Changes that wait for an earlier one of their key. */
  readonly parked: number;
  readonly failed: number;
  /** Undefined where Redis does not list its clients. */
  readonly workers: number | undefined;
}

/** Share of capture.maxQueueDepth past which a person should know. */
const NEAR = 0.8;

export async function readQueue(redis: Redis, prefix: string, name: string): Promise<QueueFacts> {
  // Doctor only reads, and says itself what it thinks of the server.
  const queue = new Queue(name, { connection: redis, prefix, skipMetasUpdate: true, skipVersionCheck: true });
  try {
    const counts = await queue.getJobCounts('wait', 'active', 'delayed', 'waiting-children', 'failed');
    return {
      name,
      waiting: counts.wait ?? 0,
      active: counts.active ?? 0,
      delayed: counts.delayed ?? 0,
      parked: counts['waiting-children'] ?? 0,
      failed: counts.failed ?? 0,
      workers: await queue.getWorkersCount().catch(() => undefined),
    };
  } finally {
    await queue.close();
  }
}

export function queueChecks(queue: QueueFacts, maxQueueDepth: number): Check[] {
  const { name, waiting, active, delayed, parked, failed, workers } = queue;
  const found = `queue "${name}": ${waiting} waiting, ${active} active, ${delayed} delayed, ${parked} parked, ${failed} failed`;
  const troubles = [
    depthTrouble(found, waiting + active + delayed + parked, maxQueueDepth),
    failed > 0
      ? warning(
          'queues',
          `${found}: failed changes hold back what is parked behind them`,
          'Open Bull Board (npm run dashboard): mend the handler, then retry or remove the failed changes.',
        )
      : undefined,
    workers === 0 && waiting > 0
      ? warning('queues', `${found}: no worker is connected`, 'Start the worker of this queue.')
      : undefined,
  ].filter(check => check !== undefined);
  return troubles.length > 0 ? troubles : [ok('queues', found)];
}

function depthTrouble(found: string, depth: number, limit: number): Check | undefined {
  const remedy = 'Start more workers, or see what holds them up.';
  if (depth >= limit)
    return error('queues', `${found}: at capture.maxQueueDepth (${limit}), so capture pauses`, remedy);
  if (depth >= NEAR * limit)
    return warning('queues', `${found}: near capture.maxQueueDepth (${limit})`, remedy);
  return undefined;
}
