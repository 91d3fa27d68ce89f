import { type Servers, startServers, stopServers } from '@walmq/testing';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectAllOnce } from './arrival-fixture.js';
import { CaptureWorld } from './capture-fixture.js';
import { CaptureProcess } from './capture-process-fixture.js';
import { LOAD_SCHEMA, startLoad } from './load-fixture.js';

/** Ten times as long as PostgreSQL waits for a sign of life. */
const AWAY_SECONDS = 20;
const QUEUES = { things: { table: 'things' } };

describe('Redis away under load, for much longer than wal_sender_timeout', () => {
  let servers: Servers;
  beforeAll(async () => {
    servers = await startServers({ postgres: { wal_sender_timeout: '2s' } });
  });
  afterAll(() => stopServers(servers));

  it.each(['SIGSTOP', 'SIGKILL'] as const)(
    '%s: the connection to PostgreSQL survives, memory stays flat, nothing lost, nothing twice',
    async signal => {
      const name = `away_${signal.toLowerCase()}`;
      await using world = await CaptureWorld.create(servers, name, { schema: LOAD_SCHEMA, queues: QUEUES });
      const capture = await startCapture(world);
      const load = startLoad(world.databaseUrl, 1);
      await expect.poll(() => load.transactions).toBeGreaterThan(20);
      const before = await walsender(world);
      if (signal === 'SIGSTOP') process.kill(servers.redis.pid, signal);
      else await servers.redis.kill(signal);
      // Besides the load: more than capture and the sockets could ever hold.
      await largeRows(world, 20_000);
      // By the server's own record of when it last heard from us.
      await expect
        .poll(async () => ((await walsender(world))?.heard ?? 0) - (before?.heard ?? 0), {
          timeout: 2 * AWAY_SECONDS * 1000,
          interval: 200,
        })
        .toBeGreaterThan(AWAY_SECONDS);
      expect((await walsender(world))?.pid).toBe(before?.pid);
      expect(await capture.ask('ready')).toContain('Redis takes no batches');
      if (signal === 'SIGSTOP') process.kill(servers.redis.pid, 'SIGCONT');
      else await servers.redis.restart();
      await load.stop();
      await world.waitUntilAcknowledged();
      expect((await walsender(world))?.pid).toBe(before?.pid);
      expect(await capture.peakRssBytes()).toBeLessThan(250 * 1024 * 1024);
      expect(await capture.end('SIGTERM')).toBe(0);
      await expectAllOnce(world);
    },
  );

  it('PostgreSQL told to stop (SIGINT) meanwhile: does so, since capture lets go; goes on when both are back', async () => {
    await using world = await CaptureWorld.create(servers, 'away_both', {
      schema: LOAD_SCHEMA,
      queues: QUEUES,
    });
    const capture = await startCapture(world);
    process.kill(servers.redis.pid, 'SIGSTOP');
    await largeRows(world, 20_000);
    await capture.waitFor('enqueue:paused');
    // Fast shutdown waits until every walsender has sent all there is.
    await servers.postgres.kill('SIGINT');
    await servers.postgres.restart();
    process.kill(servers.redis.pid, 'SIGCONT');
    await world.reconnect();
    await world.waitUntilAcknowledged();
    expect(await capture.end('SIGTERM')).toBe(0);
    await expectAllOnce(world);
  });

  async function startCapture(world: CaptureWorld): Promise<CaptureProcess> {
    const { source, redis } = world.config;
    const capture = await CaptureProcess.start({
      databaseUrl: world.databaseUrl,
      redisUrl: servers.redis.url,
      config: { source: { slot: source.slot }, redis: { prefix: redis.prefix }, queues: QUEUES },
    });
    await capture.waitFor('stream:started');
    return capture;
  }

  async function largeRows(world: CaptureWorld, count: number): Promise<void> {
    const client = new Client(world.databaseUrl);
    await client.connect();
    await client.query(
      `WITH t AS (INSERT INTO things SELECT -i, nextval('tokens'), repeat('x', 1000) FROM generate_series(1, $1::int) i
                  RETURNING token)
         INSERT INTO written SELECT token FROM t`,
      [count],
    );
    await client.end();
  }

  /** The process that serves the slot, and when it last heard from its client, in seconds. */
  async function walsender(world: CaptureWorld): Promise<{ pid: number; heard: number } | undefined> {
    const { rows } = await world.client.query<{ pid: number; heard: number }>(
      `SELECT pid, extract(epoch FROM reply_time)::float8 AS heard FROM pg_stat_replication
        JOIN pg_replication_slots ON active_pid = pid WHERE slot_name = $1`,
      [world.config.source.slot],
    );
    return rows[0];
  }
});
