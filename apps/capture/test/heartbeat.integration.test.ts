import type { WalmqConfigInput } from '@walmq/config';
import { embeddedPostgresMajor } from '@walmq/embedded';
import { type PipelineStatus, readStatus } from '@walmq/operations';
import { type Servers, startServers, stopServers } from '@walmq/testing';
import { Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { CaptureWorld } from './capture-fixture.js';
import { CaptureProcess } from './capture-process-fixture.js';

const QUEUES = { items: { table: 'items' } };

describe('what a capture tells of itself', () => {
  let servers: Servers;
  beforeAll(async () => {
    servers = await startServers();
  });
  afterAll(() => stopServers(servers));

  /** A world whose captures are processes, and the picture that others have of it. */
  async function makeWorld(name: string, capture: WalmqConfigInput['capture'] = {}) {
    const world = await CaptureWorld.create(servers, name, {
      schema: 'CREATE TABLE items (id integer PRIMARY KEY)',
      queues: QUEUES,
      capture,
    });
    const pool = new Pool({ connectionString: world.databaseUrl, max: 2 });
    onTestFinished(async () => {
      await pool.end();
      await world[Symbol.asyncDispose]();
    });
    return {
      world,
      look: (): Promise<PipelineStatus> =>
        readStatus({ config: world.config, database: pool, redis: world.redis }),
      start: () =>
        CaptureProcess.start({
          databaseUrl: world.databaseUrl,
          redisUrl: servers.redis.url,
          config: { source: { slot: name }, redis: { prefix: name }, queues: QUEUES, capture },
        }),
    };
  }

  const codes = ({ verdicts }: PipelineStatus) => verdicts.map(({ code }) => code);

  it('that it is active or stands by, how far it is, and that it is gone', { timeout: 240_000 }, async () => {
    const { world, look, start } = await makeWorld('beat_life');
    expect(codes(await look())).toEqual(['NOTHING_YET']);

    const active = await start();
    await active.waitFor('stream:started');
    await expect
      .poll(async () => (await look()).captures)
      .toMatchObject([{ role: 'active', pid: active.pid }]);
    const standby = await start();
    await expect
      .poll(async () => (await look()).captures.map(({ role }) => role), { timeout: 60_000 })
      .toEqual(['active', 'standby']);
    await world.client.query('INSERT INTO items SELECT generate_series(1, 100)');
    // Of the last seconds alone; and whatever has arrived together is a batch.
    await expect
      .poll(async () => (await look()).captures[0]?.batchJobs, { timeout: 60_000 })
      .toBeGreaterThan(0);
    await world.waitForChanges('items', 100);
    await expect.poll(look, { timeout: 60_000 }).toMatchObject({
      captures: [{ changesPerSecond: expect.any(Number), caughtUpAt: expect.any(String) }, {}],
      database: {
        slot: { oldestUnconfirmedSeconds: 0, active: true, failover: embeddedPostgresMajor() >= 17 || null },
      },
      lag: { receivedBytes: 0, enqueuedBytes: 0, durableBytes: 0, acknowledgedBytes: 0 },
      checkpointProblem: null,
      queues: [{ name: 'items', waiting: 100, workers: 0, oldestSeconds: expect.any(Number) }],
    });
    expect(codes(await look())).toEqual(['WORKERS_MISSING']);

    // One that ends in good order is gone at once, and the other takes over.
    expect(await active.end('SIGTERM')).toBe(0);
    expect((await look()).captures.map(({ pid }) => pid)).toEqual([standby.pid]);
    await expect.poll(async () => (await look()).captures[0]?.role, { timeout: 60_000 }).toBe('active');
    // One that is killed is believed for some seconds.
    await standby.end('SIGKILL');
    await expect.poll(async () => codes(await look()), { timeout: 60_000 }).toContain('CAPTURE_DOWN');
    await world.client.query('INSERT INTO items VALUES (101)');
    const { database, lastActive, lag, verdicts } = await look();
    expect(lastActive?.pid).toBe(standby.pid);
    expect(database).toMatchObject({ slot: { oldestUnconfirmedSeconds: expect.any(Number) } });
    expect(lag).toMatchObject({ receivedBytes: null, acknowledgedBytes: expect.any(Number) });
    expect(verdicts[0]?.sentence).toMatch(/was heard of \d+ s ago/);
  });

  it('that it is paused, and why', async () => {
    const { world, look, start } = await makeWorld('beat_pause', { maxQueueDepth: 10 });
    const capture = await start();
    await capture.waitFor('stream:started');
    await world.client.query('INSERT INTO items SELECT generate_series(1, 50)');
    await expect.poll(async () => codes(await look())).toContain('CAPTURE_PAUSED');
    const [paused] = (await look()).verdicts.filter(({ code }) => code === 'CAPTURE_PAUSED');
    expect(paused?.sentence).toMatch(/queue "items" holds 50 unfinished jobs/);
    expect(await capture.metric('walmq_capture_pause{cause="backlog"}')).toBe(1);
    expect(await capture.metric('walmq_capture_pause{cause="redis"}')).toBe(0);
  });

  it('what it ended by', async () => {
    const { world, look, start } = await makeWorld('beat_end');
    const capture = await start();
    await capture.waitFor('stream:started');
    await world.client.query('INSERT INTO items VALUES (1)');
    await world.waitForChanges('items', 1);
    await world.waitUntilAcknowledged();
    expect(await capture.end('SIGTERM')).toBe(0);
    expect((await look()).lastActive).toMatchObject({ pid: capture.pid, role: 'active', lastError: null });
    for (const key of await world.redis.keys('beat_end:walmq:checkpoint:*')) await world.redis.del(key);
    const next = await start();
    expect(await next.exitCode()).toBe(1);
    const { captures, verdicts } = await look();
    expect(captures).toEqual([]);
    expect(verdicts.find(({ code }) => code === 'CAPTURE_DOWN')?.sentence).toContain(
      'Its last fault: REDIS_LOST_CHANGES.',
    );
    expect(verdicts.map(({ code }) => code)).toContain('REDIS_LOST_CHANGES');
  });

  it('the slot in its metrics, in whatever role', async () => {
    const { start } = await makeWorld('beat_metrics');
    const active = await start();
    await active.waitFor('stream:started');
    const standby = await start();
    await expect.poll(() => standby.metric('walmq_capture_role{role="standby"}')).toBe(1);
    for (const capture of [active, standby]) {
      await expect.poll(() => capture.metric('walmq_capture_slot_active')).toBe(1);
      expect(await capture.metric('walmq_capture_slot_wal_status{status="reserved"}')).toBe(1);
      expect(await capture.metric('walmq_capture_slot_retained_wal_bytes')).toBeGreaterThan(0);
      await expect.poll(() => capture.metric('walmq_capture_lag_seconds')).toBeDefined();
    }
    expect(await active.metric('walmq_capture_role{role="active"}')).toBe(1);
    expect(await active.metric('walmq_capture_durability_kept')).toBe(1);
    expect(await standby.metric('walmq_capture_sessions_ended_total{code="SLOT_BUSY"}')).toBeGreaterThan(0);
  });
});
