import { listBackfills, requestBackfill } from '@walmq/backfill';
import { type EmbeddedPostgres, type EmbeddedRedis, startPostgres, startRedis } from '@walmq/embedded';
import { startNetwork } from '@walmq/testing';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { expectAllOnce } from './arrival-fixture.js';
import { CaptureWorld } from './capture-fixture.js';
import { CaptureProcess, type CaptureSetting } from './capture-process-fixture.js';
import { LOAD_SCHEMA, progress, startLoad } from './load-fixture.js';

/** All nodes have one password, as the members of one installation do. */
const PASSWORD = 'one-for-all';
const QUEUES = { things: { table: 'things' } };
/** A replica is served at once, not after the seconds in which others might come. */
const SETTINGS = { 'repl-diskless-sync-delay': 0 };

describe('the master killed, a replica promoted', () => {
  let postgres: EmbeddedPostgres;
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(() => postgres.stop());

  it('durability { replicated: 1 }: goes on once the new master has a replica, nothing lost, nothing twice', async () => {
    await using master = await startNode();
    await using replica = await startNode();
    await follow(replica, master);
    await using network = await startNetwork(master.redis.port);
    await using world = await createWorld('failover_replicated', network.url(master.url));
    const capture = await CaptureProcess.start(settingOf(world, network.url(master.url), { replicated: 1 }));
    await capture.waitFor('stream:started');
    const load = startLoad(world.databaseUrl, 1);
    for (let round = 0; round < 3; round++) await progress(load, 30);
    await master.redis.kill('SIGKILL');
    network.redirect(replica.redis.port);
    // Pointed at it before it is promoted: it takes no writes yet.
    await capture.waitFor('READONLY');
    await replica.admin.replicaof('NO', 'ONE');
    await capture.waitFor('0 of 1 replicas');
    await using second = await startNode();
    await follow(second, replica);
    await progress(load, 30);
    await load.stop();
    await world.waitUntilAcknowledged();
    expect(await capture.end('SIGTERM')).toBe(0);
    await expectAllOnce(world);
  });

  it.each([
    ['stops with REDIS_LOST_CHANGES and the range', 0],
    ['heals within ackDelayMs', 600_000],
  ])('a replica that was behind: %s', async (_outcome, ackDelayMs) => {
    await using master = await startNode();
    await using replica = await startNode();
    await follow(replica, master);
    await using network = await startNetwork(master.redis.port);
    await using world = await createWorld(`failover_stale_${ackDelayMs}`, network.url(master.url));
    const setting = settingOf(world, network.url(master.url), 'fsync', ackDelayMs);
    const capture = await CaptureProcess.start(setting);
    await capture.waitFor('stream:started');
    await insert(world, 101, 200);
    await world.waitForChanges('things', 100);
    if (ackDelayMs === 0) await world.waitUntilAcknowledged();
    expect(Number(await master.admin.call('WAIT', 1, 10_000))).toBe(1);
    await replica.admin.replicaof('NO', 'ONE');
    await insert(world, 201, 300);
    await world.waitForChanges('things', 200);
    if (ackDelayMs === 0) await world.waitUntilAcknowledged();
    await master.redis.kill('SIGKILL');
    network.redirect(replica.redis.port);
    await insert(world, 301, 400);
    if (ackDelayMs === 0) {
      expect(await capture.exitCode()).toBe(1);
      expect(capture.output).toMatch(
        /REDIS_LOST_CHANGES.*between [0-9A-F]+\/[0-9A-F]+ and [0-9A-F]+\/[0-9A-F]+.*accept-loss/,
      );
      return;
    }
    const changes = await world.waitForChanges('things', 300);
    expect(changes.map(change => change.after?.id)).toEqual(Array.from({ length: 300 }, (_, i) => 101 + i));
    expect(await capture.end('SIGTERM')).toBe(0);
  });

  it('a replica that was behind, in the middle of a backfill: the rows that it lacks are read again, and few others', async () => {
    const ROWS = 4000;
    await using master = await startNode();
    await using replica = await startNode();
    await follow(replica, master);
    await using network = await startNetwork(master.redis.port);
    await using world = await createWorld('failover_backfill', network.url(master.url), {
      rows: ROWS,
    });
    const { slot } = world.config.source;
    const state = async () => (await listBackfills(world.client, slot))[0];
    const start = (ackDelayMs: number) =>
      CaptureProcess.start(settingOf(world, network.url(master.url), 'fsync', ackDelayMs));
    const read = async () => (await world.changes('things')).map(({ after }) => Number(after?.id));
    const capture = await start(600_000);
    await requestBackfill(world.client, {
      slot,
      queue: 'things',
      schema: 'public',
      table: 'things',
      filter: null,
      chunkRows: 50,
      rowsExpected: null,
    });
    const untilRead = (rows: number) =>
      expect.poll(async () => (await read()).length, { timeout: 60_000 }).toBeGreaterThan(rows);
    await untilRead(500);
    await replica.admin.replicaof('NO', 'ONE');
    await untilRead((await read()).length + 500);
    // Of all these rows Redis has confirmed that it keeps them.
    const { rowsRead, lastKey } = (await state()) ?? {};
    expect(rowsRead).toBeGreaterThan(500);
    expect(rowsRead).toBeLessThan(ROWS);
    expect(lastKey).toBeNull();
    await master.redis.kill('SIGKILL');
    network.redirect(replica.redis.port);
    await expect.poll(async () => (await state())?.rowsRead, { timeout: 60_000 }).toBe(ROWS);
    const ids = await read();
    expect(new Set(ids).size).toBe(ROWS);
    // At most the way between two of the places that a backfill remembers.
    expect(ids.length - ROWS).toBeLessThan(500);
    expect(await state()).toMatchObject({ status: 'running', lastKey: null });

    // A capture that starts again finds all rows in Redis: it reads none again, and settles them.
    expect(await capture.end('SIGTERM')).toBe(0);
    const next = await start(0);
    await expect.poll(async () => (await state())?.status, { timeout: 60_000 }).toBe('done');
    expect(await next.end('SIGTERM')).toBe(0);
    expect((await read()).length).toBe(ids.length);
    expect(await state()).toMatchObject({ lastKey: [String(ROWS)], rowsRead: ROWS, trail: [] });
  }, 180_000);

  interface Node extends AsyncDisposable {
    readonly redis: EmbeddedRedis;
    readonly url: string;
    readonly admin: Redis;
  }

  async function startNode(): Promise<Node> {
    const redis = await startRedis({ settings: SETTINGS });
    const admin = new Redis(redis.url);
    admin.on('error', () => undefined); // some are killed
    const url = new URL(redis.url);
    await admin.config('SET', 'masterauth', PASSWORD);
    await admin.config('SET', 'requirepass', PASSWORD);
    url.password = PASSWORD;
    return {
      redis,
      admin,
      url: url.href,
      async [Symbol.asyncDispose]() {
        admin.disconnect();
        await redis.stop();
      },
    };
  }

  async function follow(replica: Node, master: Node): Promise<void> {
    await replica.admin.replicaof('127.0.0.1', master.redis.port);
    await vi.waitUntil(
      async () => (await replica.admin.info('replication')).includes('master_link_status:up'),
      { timeout: 30_000 },
    );
  }

  const createWorld = (name: string, url: string, { rows = 0 } = {}) =>
    CaptureWorld.create({ postgres, redis: { url } }, name, {
      schema: `${LOAD_SCHEMA}; INSERT INTO things SELECT i, i, 'row' FROM generate_series(6, ${rows}) i`, // behind the load's own
      queues: QUEUES,
    });

  function settingOf(
    world: CaptureWorld,
    redisUrl: string,
    durability: 'fsync' | { replicated: number },
    ackDelayMs = 0,
  ): CaptureSetting {
    const { source, redis } = world.config;
    return {
      databaseUrl: world.databaseUrl,
      redisUrl,
      config: {
        source: { slot: source.slot },
        redis: { prefix: redis.prefix, durability },
        capture: { ackDelayMs },
        queues: QUEUES,
      },
    };
  }

  const insert = (world: CaptureWorld, from: number, to: number) =>
    world.client.query("INSERT INTO things SELECT i, i, 'row' FROM generate_series($1::int, $2::int) i", [
      from,
      to,
    ]);
});
