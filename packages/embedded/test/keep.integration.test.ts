import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import pg from 'pg';
import { expect, it, onTestFinished } from 'vitest';
import { startPostgres, startRedis } from '../src/index.js';

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'walmq-kept-'));
  onTestFinished(() => rm(path, { recursive: true }));
  return path;
}

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

it('keeps rows and jobs at the same addresses from one start to the next', async () => {
  const keep = await folder();
  const start = () => Promise.all([startPostgres({ keep }), startRedis({ keep })]);
  let [postgres, redis] = await start();
  const urls = [postgres.url, redis.url];
  await query(postgres.url, 'CREATE TABLE kept AS SELECT 7 AS n');
  const before = new Redis(redis.url);
  await before.set('kept', '7');
  before.disconnect();
  await Promise.all([postgres.stop(), redis.stop()]);

  [postgres, redis] = await start();
  onTestFinished(async () => void (await Promise.all([postgres.stop(), redis.stop()])));
  expect([postgres.url, redis.url]).toEqual(urls);
  expect(await query(postgres.url, 'SELECT n FROM kept')).toEqual([{ n: 7 }]);
  const after = new Redis(redis.url);
  onTestFinished(() => after.disconnect());
  expect(await after.get('kept')).toBe('7');
});
