import { readFile } from 'node:fs/promises';
import type { Redis } from 'ioredis';
import type { Client } from 'pg';

/** What one look has found. Memory in bytes. */
export interface Sample {
  readonly atMs: number;
  readonly changes: number;
  /** By name of the series: "capture rss", "redis used_memory", "walmq.inbox bytes". */
  readonly values: Readonly<Record<string, number>>;
}

export interface Sampled {
  readonly name: string;
  readonly pid: number;
  /** Address of /metrics. */
  readonly url: string;
}

export async function takeSample(options: {
  readonly processes: readonly Sampled[];
  readonly redis: Redis;
  readonly client: Client;
  readonly changes: number;
}): Promise<Sample> {
  const { processes, redis, client, changes } = options;
  const values: Record<string, number> = {};
  for (const { name, pid, url } of processes) {
    values[`${name} rss`] = await rssOf(pid);
    values[`${name} heap`] = await heapOf(url);
  }
  values['redis used_memory'] = Number(/^used_memory:(\d+)/m.exec(await redis.info('memory'))?.[1]);
  values['redis keys'] = await redis.dbsize();
  const { rows } = await client.query<{ name: string; bytes: string }>(
    `SELECT relname AS name, pg_total_relation_size(c.oid)::text AS bytes
       FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE nspname = 'walmq' AND relkind IN ('r', 'p')`,
  );
  for (const { name, bytes } of rows) values[`walmq.${name} bytes`] = Number(bytes);
  return { atMs: Date.now(), changes, values };
}

async function rssOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
}

async function heapOf(url: string): Promise<number> {
  const response = await fetch(new URL('/metrics', url), { signal: AbortSignal.timeout(10_000) });
  const text = await response.text();
  return Number(/^nodejs_heap_size_used_bytes(?:\{[^}]*\})? (\S+)/m.exec(text)?.[1]);
}
