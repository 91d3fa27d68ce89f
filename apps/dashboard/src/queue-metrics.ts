import type { Queue } from 'bullmq';
import { Gauge, type Registry } from 'prom-client';

const STATES = ['waiting', 'active', 'delayed', 'failed', 'completed', 'waiting-children'] as const;

/** How many jobs each queue holds, asked when /metrics is. `waiting-children` are the parked ones. */
export function registerQueueMetrics(registry: Registry, queues: readonly Queue[]): void {
  const jobs = new Gauge({
    name: 'walmq_queue_jobs',
    help: 'Jobs in a queue, by state; waiting-children wait for an earlier change of their row.',
    labelNames: ['queue', 'state'],
    registers: [registry],
    async collect() {
      await Promise.all(
        queues.map(async queue => {
          const counts = await queue.getJobCounts(...STATES);
          for (const state of STATES) jobs.set({ queue: queue.name, state }, counts[state] ?? 0);
        }),
      );
    },
  });
}
