import type { Change } from '@walmq/change';
import type { WalmqConfigInput } from '@walmq/config';
import { type Servers, startServers, stopServers } from '@walmq/testing';
import { type Job, Worker } from 'bullmq';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CaptureWorld } from './capture-fixture.js';
import { CaptureProcess } from './capture-process-fixture.js';

const SCHEMA = 'CREATE TABLE items (id integer PRIMARY KEY, amount integer)';
const QUEUES = { items: { table: 'items' } };

describe('a backlog at its limit', () => {
  let servers: Servers;
  beforeAll(async () => {
    servers = await startServers();
  });
  afterAll(() => stopServers(servers));

  it('pauses and says so, through a lost Redis and a lost PostgreSQL; goes on when there is room', async () => {
    await using world = await CaptureWorld.create(servers, 'backlog', { schema: SCHEMA, queues: QUEUES });
    const { source, redis } = world.config;
    const capture = await start(world, { maxQueueDepth: 1000 });
    await capture.waitFor('stream:started');
    expect(await capture.metric('walmq_capture_paused')).toBe(0);

    await world.client.query('INSERT INTO items SELECT i, 0 FROM generate_series(1, 1000) i');
    await capture.waitFor('backlog:paused');
    expect(await capture.metric('walmq_capture_paused')).toBe(1);
    expect(await capture.ask('ready')).toContain('holds 1000 unfinished jobs (limit 1000)');

    // Fewer than a batch, so that all of them are read and none is sent.
    await world.client.query('UPDATE items SET amount = 1 WHERE id <= 400');
    await received(world, capture);
    expect((await world.changes('items')).length).toBe(1000);

    // What pauses for another reason meanwhile ends by itself, and this pause stays.
    await servers.redis.kill('SIGKILL');
    await servers.redis.restart();
    await world.redis.ping();
    await world.client.query(
      'SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = $1',
      [source.slot],
    );
    await expect
      .poll(() => capture.output.split('stream:started').length, { timeout: 60_000 })
      .toBeGreaterThan(2);
    await expect
      .poll(() => capture.output.split('backlog:paused').length, { timeout: 60_000 })
      .toBeGreaterThan(2);
    expect(await capture.metric('walmq_capture_paused')).toBe(1);

    const done: Change[] = [];
    const worker = new Worker(
      'items',
      async (job: Job<Change>) => {
        done.push(job.data);
      },
      { connection: { url: servers.redis.url }, prefix: redis.prefix, concurrency: 50 },
    );
    await capture.waitFor('backlog:resumed');
    await expect.poll(() => done.length, { timeout: 60_000 }).toBe(1400);
    await expect.poll(() => capture.metric('walmq_capture_paused')).toBe(0);
    expect(JSON.parse(await capture.ask('ready'))).toEqual({ ready: true, reasons: {} });
    await worker.close();
    expect(await capture.end('SIGTERM')).toBe(0);

    const inserted = new Set<unknown>();
    for (const { op, after } of done)
      if (op === 'insert') inserted.add(after?.id);
      else expect(inserted).toContain(after?.id);
    expect(inserted.size).toBe(1000);
  });

  it('Redis at its share of maxmemory: pauses before Redis has to refuse', async () => {
    await using world = await CaptureWorld.create(servers, 'backlog_memory', {
      schema: SCHEMA,
      queues: QUEUES,
    });
    const used = Number(/^used_memory:(\d+)/m.exec(await world.redis.info('memory'))?.[1]);
    await world.redis.config('SET', 'maxmemory', Math.floor(used * 1.2));
    const capture = await start(world);
    await capture.waitFor('backlog:paused');
    await world.client.query('INSERT INTO items SELECT i, 0 FROM generate_series(1, 400) i');
    await received(world, capture);
    expect(await world.changes('items')).toEqual([]);
    await world.redis.config('SET', 'maxmemory', 0);
    await world.waitForChanges('items', 400);
    expect(await capture.end('SIGTERM')).toBe(0);
    expect(capture.output).not.toContain('OOM');
  });

  function start(world: CaptureWorld, limits: WalmqConfigInput['capture'] = {}): Promise<CaptureProcess> {
    const { source, redis } = world.config;
    return CaptureProcess.start({
      databaseUrl: world.databaseUrl,
      redisUrl: servers.redis.url,
      config: {
        source: { slot: source.slot },
        redis: { prefix: redis.prefix },
        capture: limits,
        queues: QUEUES,
      },
    });
  }

  /** Waits until a capture has read all that was committed so far. */
  async function received(world: CaptureWorld, capture: CaptureProcess): Promise<void> {
    const { rows } = await world.client.query<{ bytes: number }>(
      "SELECT (pg_current_wal_lsn() - '0/0'::pg_lsn)::float8 AS bytes",
    );
    await expect
      .poll(() => capture.metric('walmq_capture_position_bytes{step="received"}'), { timeout: 30_000 })
      .toBeGreaterThanOrEqual(rows[0]?.bytes as number);
  }
});
