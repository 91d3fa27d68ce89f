import { Redis } from 'ioredis';
import { PREFIX, QUEUE } from '../cases/bench-config.js';
import type { Drain } from '../cases/measurement.js';
import type { Child } from '../load/child.js';
import { until } from '../load/until.js';

const LOOK_MS = 5;
/** Limit for the first job. PostgreSQL decodes a large transaction to its end before it sends the first row. */
const FIRST_JOB_MS = 300_000;
const LAST_JOB_MS = 1_800_000;

/**
 * Measures the time from the first poll that finds jobs to the poll that finds the last job. A poll asks the same Redis
 * server as the jobs, so with appendfsync always the jobs that it sees are on disk.
 */
export async function timeDrain(options: {
  readonly redisUrl: string;
  readonly changes: number;
  readonly reader: Child;
}): Promise<Drain> {
  const { reader, changes } = options;
  const redis = new Redis(options.redisUrl, { maxRetriesPerRequest: null });
  const lookFor = (count: number, what: string, withinMs: number) =>
    until({ what, everyMs: LOOK_MS, withinMs }, async () => {
      reader.assertAlive();
      const waiting = await redis.llen(`${PREFIX}:${QUEUE}:wait`);
      return waiting >= count ? { waiting, atMs: performance.now() } : undefined;
    });
  try {
    const first = await lookFor(1, 'the first job', FIRST_JOB_MS);
    const before = await Promise.all([reader.usage(), redisCpuSeconds(redis)]);
    const last = await lookFor(changes, 'the last job', LAST_JOB_MS);
    const after = await Promise.all([reader.usage(), redisCpuSeconds(redis)]);
    return {
      changes: last.waiting - first.waiting,
      seconds: (last.atMs - first.atMs) / 1000,
      cpuSeconds: after[0].cpuSeconds - before[0].cpuSeconds,
      peakRssBytes: after[0].peakRssBytes,
      redisCpuSeconds: after[1] - before[1],
    };
  } finally {
    redis.disconnect();
  }
}

async function redisCpuSeconds(redis: Redis): Promise<number> {
  const info = await redis.info('cpu');
  const seconds = (field: string) => Number(new RegExp(`^${field}:([\\d.]+)`, 'm').exec(info)?.[1] ?? 0);
  return seconds('used_cpu_user') + seconds('used_cpu_sys');
}
