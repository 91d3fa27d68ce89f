import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { type EmbeddedPostgres, type EmbeddedRedis, startPostgres, startRedis } from '@walmq/embedded';
import { type CaptureStatus, type PipelineStatus, writeHeartbeat } from '@walmq/operations';
import { Queue, UnrecoverableError, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { CliWorld, walmq } from './cli-fixture.js';

const PROGRAM = join(import.meta.dirname, '../bin/walmq.js');
const NOWHERE = { postgres: 'postgres://user:secret@127.0.0.1:1/shop', redis: 'redis://:secret@127.0.0.1:1' };

describe('walmq status', () => {
  let postgres: EmbeddedPostgres;
  let redis: EmbeddedRedis;
  beforeAll(async () => {
    [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
  });
  afterAll(async () => {
    await Promise.all([postgres.stop(), redis.stop()]);
  });

  async function makeWorld(name: string): Promise<CliWorld> {
    const world = await CliWorld.create({ postgres, redis }, name, {
      schema: 'CREATE TABLE orders (id int PRIMARY KEY)',
      queues: { orders: { table: 'orders' } },
    });
    onTestFinished(() => world[Symbol.asyncDispose]());
    return world;
  }

  const json = (lines: readonly string[]) => JSON.parse(lines.join('\n')) as PipelineStatus;

  it('says what to do first, and changes nothing', async () => {
    const world = await makeWorld('st_first');
    const bare = await world.run('status');
    expect(bare.code).toBe(1);
    expect(bare.lines.join('\n')).toMatch(
      /SLOT_MISSING: There is no replication slot "st_first"\.\n +-> Run "npx walmq setup"/,
    );
    await world.run('setup');
    const keys = await world.redis.keys('*');
    const ready = await world.run('status');
    expect(ready.code).toBe(0);
    expect(ready.lines.join('\n')).toMatch(/warning +NOTHING_YET/);
    expect(ready.lines.join('\n')).not.toContain('\u001b');
    expect(await world.redis.keys('*')).toEqual(keys);
  });

  it('shows captures, queues and workers', async () => {
    const world = await makeWorld('st_all');
    await world.run('setup');
    const beat: CaptureStatus = {
      instance: 'a1b2c3d4',
      host: 'host-1',
      pid: 42,
      version: '1.2.3',
      startedAt: new Date().toISOString(),
      at: new Date().toISOString(),
      slot: world.name,
      source: null,
      role: 'active',
      reason: null,
      positions: null,
      changesPerSecond: 7,
      jobsPerSecond: 7,
      batchJobs: 3,
      pauses: [],
      caughtUpAt: null,
      lastError: null,
    };
    await writeHeartbeat(world.redis, world.name, beat);
    const connection = { url: redis.url };
    const queue = new Queue('orders', { connection, prefix: world.name });
    const worker = new Worker(
      'orders',
      async job => {
        if (job.data.fails) throw new UnrecoverableError('no');
      },
      { connection, prefix: world.name },
    );
    onTestFinished(async () => {
      await Promise.all([worker.close(), queue.close()]);
    });
    await queue.addBulk([false, false, true].map(fails => ({ name: 'insert', data: { fails } })));
    const tx = { committedAt: new Date(Date.now() - 3_600_000).toISOString() };
    await queue.add('insert', { tx }, { delay: 3_600_000 });
    await expect
      .poll(async () => json((await world.run('status', '--json')).lines).queues)
      .toMatchObject([
        {
          name: 'orders',
          waiting: 0,
          failed: 1,
          delayed: 1,
          completed: 2,
          completedPerMinute: 2,
          workers: 1,
        },
      ]);
    const { code, lines } = await world.run('status', '--json');
    expect(code).toBe(0);
    const status = json(lines);
    expect(status.captures).toEqual([beat]);
    expect(Math.round((status.queues[0]?.oldestSeconds as number) / 60)).toBe(60);
    expect(status.verdicts.map(one => one.code)).toEqual(['CHANGES_FAILED', 'STANDBY_MISSING']);
    const drawn = (await world.run('status')).lines;
    expect(drawn.find(line => line.startsWith('a1b2c3d4'))).toMatch(/active +host-1 +42 +1\.2\.3 .* 7 +3$/);
    expect(drawn.find(line => line.startsWith('orders'))).toMatch(/ 0 +0 +1 +0 +1 +2\+? +1 h +- +\? +1$/);
  });

  it('shows one side while the other is away, and no secret', async () => {
    const world = await makeWorld('st_half');
    await world.run('setup');
    const noRedis = await walmq(['status'], { ...world.env, REDIS_URL: NOWHERE.redis });
    expect(noRedis.code).toBe(1);
    expect(noRedis.lines.join('\n')).toMatch(
      /PostgreSQL +\d+.*Slot +"st_half".*Redis +unreachable: .*REDIS_UNREACHABLE/s,
    );
    const noPostgres = await walmq(['status'], { ...world.env, DATABASE_URL: NOWHERE.postgres });
    expect(noPostgres.code).toBe(1);
    expect(noPostgres.lines.join('\n')).toMatch(
      /PostgreSQL +unreachable: .*QUEUE.*orders.*DATABASE_UNREACHABLE/s,
    );
    const { REDIS_URL: _, ...unset } = world.env;
    expect((await walmq(['status'], unset)).lines.join('\n')).toMatch(/unreachable: REDIS_URL is not set/);
    for (const { lines, errors } of [noRedis, noPostgres])
      expect([...lines, ...errors].join('\n')).not.toContain('secret');
  });

  it('says what to correct where a server refuses', async () => {
    const world = await makeWorld('st_refused');
    await world.run('setup');
    const wrong = (url: string) => Object.assign(new URL(url), { password: 's3cret' }).href;
    const postgresRefuses = await walmq(['status'], { ...world.env, DATABASE_URL: wrong(postgres.url) });
    expect(postgresRefuses.lines.join('\n')).toMatch(
      /DATABASE_UNREACHABLE: PostgreSQL cannot be reached: password authentication failed.*\n +-> Correct user and password in DATABASE_URL/,
    );
    const redisRefuses = await walmq(['status'], { ...world.env, REDIS_URL: wrong(redis.url) });
    expect(redisRefuses.lines.join('\n')).toMatch(
      /REDIS_UNREACHABLE: Redis cannot be reached: Redis does not know this user and password\.\n +-> Correct user and password in REDIS_URL/,
    );
    for (const { lines, errors } of [postgresRefuses, redisRefuses])
      expect([...lines, ...errors].join('\n')).not.toContain('s3cret');
  });

  it('says that Redis takes no writes', async () => {
    const own = await startRedis();
    onTestFinished(() => own.stop());
    const world = await makeWorld('st_readonly');
    await world.run('setup');
    const env = { ...world.env, REDIS_URL: own.url };
    const client = new Redis(own.url);
    onTestFinished(() => client.disconnect());
    await client.replicaof('127.0.0.1', '1');
    const replica = await walmq(['status'], env);
    expect(replica.code).toBe(1);
    expect(replica.lines.join('\n')).toMatch(
      /error +REDIS_READ_ONLY: Redis is a replica.*\n +-> Set REDIS_URL/,
    );
    await client.replicaof('NO', 'ONE');
    expect((await walmq(['status'], env)).lines.join('\n')).not.toContain('REDIS_READ_ONLY');
  });

  it('says why changes are tried again, and of which queue nobody is left to finish them', async () => {
    const world = await makeWorld('st_retried');
    await world.run('setup');
    const connection = { url: redis.url };
    const queue = new Queue('orders', { connection, prefix: world.name });
    onTestFinished(() => queue.close());
    const backoff = { type: 'fixed', delay: 3_600_000 };
    await queue.add('insert', {}, { attempts: 2, backoff });
    const worker = new Worker(
      'orders',
      async () => {
        throw new Error('no answer from smtp://user:s3cret@mail');
      },
      { connection, prefix: world.name },
    );
    await expect.poll(() => queue.getDelayedCount(), { timeout: 30_000 }).toBe(1);
    const found = async () => {
      const { verdicts } = json((await world.run('status', '--json')).lines);
      return verdicts.map(({ code, sentence }) => `${code}: ${sentence}`);
    };
    expect(await found()).toContain(
      'CHANGES_RETRIED: Queue "orders" has 1 change to be tried again: no answer from smtp://user:***@mail.',
    );
    await worker.close();
    // A worker of a queue with the same name in another database number of the same server is none of this queue.
    const elsewhere = new Redis(`${redis.url}/1`, { maxRetriesPerRequest: null });
    const stranger = new Worker('orders', async () => undefined, {
      connection: elsewhere,
      prefix: world.name,
    });
    onTestFinished(async () => {
      await stranger.close();
      elsewhere.disconnect();
    });
    await stranger.waitUntilReady();
    await expect
      .poll(found, { timeout: 30_000 })
      .toContain('WORKERS_MISSING: Queue "orders" has 1 change to be processed and no worker.');
  });

  it('watches until Ctrl+C, and ends with 0', async () => {
    const world = await makeWorld('st_watch');
    await world.run('setup');
    const child = spawn(process.execPath, [PROGRAM, 'status', '--watch', '--json'], {
      env: { PATH: process.env.PATH, ...world.env },
    });
    let output = '';
    child.stdout.on('data', text => (output += text));
    await vi.waitUntil(() => output.split('\n').length > 2, { timeout: 20_000 });
    child.kill('SIGINT');
    expect(await once(child, 'exit')).toEqual([0, null]);
    const lines = output.trim().split('\n');
    for (const line of lines) expect(json([line]).slotName).toBe('st_watch');
  });
});
