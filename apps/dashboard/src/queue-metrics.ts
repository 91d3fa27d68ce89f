import { type FiguresReader, type QueueStatus, type QueueToRead, readQueues } from '@walmq/operations';
import type { Redis } from 'ioredis';
import { Gauge, type Registry } from 'prom-client';

export interface QueueMetricsOptions {
  readonly registry: Registry;
  readonly redis: Redis;
  readonly queues: readonly QueueToRead[];
  readonly figures: FiguresReader;
}

type Value = readonly [labels: Record<string, string>, value: number];

/** The jobs in each queue, read when /metrics is. `waiting-children` are the parked changes. */
export function registerQueueMetrics({ registry, redis, queues, figures }: QueueMetricsOptions): void {
  let reading: Promise<readonly QueueStatus[]> | undefined;

  /** All gauges of one scrape come from the same look. While Redis is away they have no values. */
  async function read(): Promise<readonly QueueStatus[]> {
    if (redis.status !== 'ready') return [];
    reading ??= readQueues(redis, queues, figures).finally(() => {
      reading = undefined;
    });
    return await reading;
  }

  function gauge(name: string, help: string, values: (queue: QueueStatus) => readonly Value[]): void {
    new Gauge({
      name,
      help,
      labelNames: ['queue', 'state'],
      registers: [registry],
      async collect() {
        const queues = await read().catch(() => []);
        this.reset();
        for (const queue of queues)
          for (const [labels, value] of values(queue)) this.set({ queue: queue.name, ...labels }, value);
      },
    });
  }

  gauge(
    'walmq_queue_jobs',
    'Jobs in a queue, by state; waiting-children wait for an earlier change of their row.',
    queue => [
      [{ state: 'waiting' }, queue.waiting],
      [{ state: 'active' }, queue.active],
      [{ state: 'delayed' }, queue.delayed],
      [{ state: 'failed' }, queue.failed],
      [{ state: 'completed' }, queue.completed],
      [{ state: 'waiting-children' }, queue.parked],
    ],
  );
  gauge(
    'walmq_queue_oldest_seconds',
    'Time since the commit of the oldest change of a queue that is neither completed nor failed.',
    queue => [[{}, queue.oldestSeconds ?? 0]],
  );
  gauge(
    'walmq_queue_workers',
    'Workers connected to a queue; absent where Redis does not list its clients.',
    queue => (queue.workers === null ? [] : [[{}, queue.workers]]),
  );
  gauge('walmq_queue_paused', '1 while a queue is paused by a person.', queue => [
    [{}, queue.isPaused ? 1 : 0],
  ]);
}
