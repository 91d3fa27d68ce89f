import type { WalmqConfigInput } from '@walmq/config';
import { type Servers, startServers, stopServers } from '@walmq/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CaptureWorld } from './capture-fixture.js';
import { CaptureProcess } from './capture-process-fixture.js';

const SCHEMA = 'CREATE TABLE items (id integer PRIMARY KEY, name text)';
const QUEUES = { items: { table: 'items' } };

describe('what the database may do to a capture', () => {
  let servers: Servers;
  beforeAll(async () => {
    servers = await startServers();
  });
  afterAll(() => stopServers(servers));

  async function start(world: CaptureWorld, more: Partial<WalmqConfigInput> = {}): Promise<CaptureProcess> {
    const { source, redis } = world.config;
    const capture = await CaptureProcess.start({
      databaseUrl: world.databaseUrl,
      redisUrl: servers.redis.url,
      config: {
        source: { ...source, url: world.databaseUrl },
        redis: { prefix: redis.prefix },
        queues: QUEUES,
        ...more,
      },
    });
    await capture.waitFor('stream:started');
    return capture;
  }

  const slotOf = (world: CaptureWorld) => world.config.source.slot;
  const terminate = (world: CaptureWorld) =>
    world.client.query(
      'SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = $1',
      [slotOf(world)],
    );

  it('pg_terminate_backend on the walsender: connects again, nothing lost, nothing twice', async () => {
    await using world = await CaptureWorld.create(servers, 'conn_terminate', {
      schema: SCHEMA,
      queues: QUEUES,
    });
    const capture = await start(world);
    for (let round = 0; round < 5; round++) {
      await world.client.query(
        "INSERT INTO items SELECT i, 'x' FROM generate_series($1::int * 100 + 1, $1::int * 100 + 100) i",
        [round],
      );
      await terminate(world);
    }
    const changes = await world.waitForChanges('items', 500);
    expect(changes.map(change => (change.key as { id: number }).id)).toEqual(
      Array.from({ length: 500 }, (_, i) => i + 1),
    );
    expect(await capture.end('SIGTERM')).toBe(0);
  });

  it('a table dropped in mid-stream: its changes still arrive', async () => {
    await using world = await CaptureWorld.create(servers, 'conn_drop', { schema: SCHEMA, queues: QUEUES });
    await world.client.query("INSERT INTO items VALUES (1, 'a'); DROP TABLE items");
    const capture = await start(world);
    const [change] = await world.waitForChanges('items', 1);
    expect(change).toMatchObject({ op: 'insert', after: { id: 1, name: 'a' } });
    expect(await capture.end('SIGTERM')).toBe(0);
  });

  it('a partitioned table: changes carry the name of the whole', async () => {
    await using world = await CaptureWorld.create(servers, 'conn_partition', {
      schema: `CREATE TABLE items (id integer PRIMARY KEY, name text) PARTITION BY RANGE (id);
               CREATE TABLE items_1 PARTITION OF items FOR VALUES FROM (0) TO (100);
               CREATE TABLE items_2 PARTITION OF items FOR VALUES FROM (100) TO (200);`,
      queues: QUEUES,
    });
    const capture = await start(world);
    await world.client.query("INSERT INTO items VALUES (1, 'a'), (150, 'b')");
    await world.client.query("UPDATE items SET name = 'c' WHERE id = 150");
    const changes = await world.waitForChanges('items', 3);
    expect(changes.map(({ table, op, key }) => [table, op, key])).toEqual([
      ['items', 'insert', { id: 1 }],
      ['items', 'insert', { id: 150 }],
      ['items', 'update', { id: 150 }],
    ]);
    expect(changes[2]?.before).toEqual({ id: 150, name: 'b' });
    expect(await capture.end('SIGTERM')).toBe(0);
  });

  it('the slot dropped: stops with SLOT_MISSING and what to run', async () => {
    await using world = await CaptureWorld.create(servers, 'conn_slot', { schema: SCHEMA, queues: QUEUES });
    const capture = await start(world);
    await terminate(world);
    await world.client.query(
      "DO $$ BEGIN LOOP BEGIN PERFORM pg_drop_replication_slot('conn_slot'); RETURN; EXCEPTION WHEN object_in_use THEN PERFORM pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = 'conn_slot'; END; END LOOP; END $$",
    );
    expect(await capture.exitCode()).toBe(1);
    expect(capture.output).toMatch(/SLOT_MISSING.*npx walmq setup/);
  });

  it('the publication dropped: stops with a code and what to run', async () => {
    await using world = await CaptureWorld.create(servers, 'conn_publication', {
      schema: SCHEMA,
      queues: QUEUES,
    });
    const capture = await start(world);
    await world.client.query('DROP PUBLICATION walmq');
    await world.client.query("INSERT INTO items VALUES (1, 'a')");
    expect(await capture.exitCode()).toBe(1);
    expect(capture.output).toMatch(/PUBLICATION_MISSING.*npx walmq setup/);
  });

  it('Redis emptied after acknowledgements: stops with the range that may be missing', async () => {
    await using world = await CaptureWorld.create(servers, 'conn_flushed', {
      schema: SCHEMA,
      queues: QUEUES,
    });
    const first = await start(world);
    await world.client.query("INSERT INTO items VALUES (1, 'a')");
    await world.waitForChanges('items', 1);
    await world.waitUntilAcknowledged();
    expect(await first.end('SIGTERM')).toBe(0);
    await world.redis.flushall();
    const second = await CaptureProcess.start({
      databaseUrl: world.databaseUrl,
      redisUrl: servers.redis.url,
      config: {
        source: { slot: slotOf(world) },
        redis: { prefix: world.config.redis.prefix },
        queues: QUEUES,
      },
    });
    expect(await second.exitCode()).toBe(1);
    expect(second.output).toMatch(
      /REDIS_LOST_CHANGES.*between [0-9A-F]+\/[0-9A-F]+ and [0-9A-F]+\/[0-9A-F]+.*accept-loss/,
    );
  });

  it('Redis gone back in time within ackDelayMs: goes on from the checkpoint it still has, nothing missing', async () => {
    const trailing = { capture: { ackDelayMs: 600_000 } };
    await using world = await CaptureWorld.create(servers, 'conn_heal', {
      schema: SCHEMA,
      queues: QUEUES,
      ...trailing,
    });
    const first = await start(world, trailing);
    await world.client.query("INSERT INTO items VALUES (1, 'a')");
    await world.waitForChanges('items', 1);
    const [key] = await world.redis.keys('conn_heal:walmq:checkpoint:*');
    const old = (await world.redis.hget(key as string, 'position')) as string;
    await world.client.query("INSERT INTO items SELECT i, 'b' FROM generate_series(2, 300) i");
    await world.waitForChanges('items', 300);
    expect(await first.end('SIGTERM')).toBe(0);
    // What a failover to a stale replica leaves: an older checkpoint, and the jobs that belong to it.
    await world.redis.hset(key as string, 'position', old);
    for (const [id, job] of await world.jobKeys('items')) {
      if (id <= old) continue;
      await world.redis.del(job);
      await world.redis.lrem('conn_heal:items:wait', 1, job.slice('conn_heal:items:'.length));
    }
    await world.waitForChanges('items', 1);
    const second = await start(world, trailing);
    await world.waitForChanges('items', 300);
    expect(await second.end('SIGTERM')).toBe(0);
  });

  it('rows of 1 MB in one transaction pass in bounded memory', async () => {
    await using world = await CaptureWorld.create(servers, 'conn_large', { schema: SCHEMA, queues: QUEUES });
    const capture = await start(world);
    await world.client.query(
      "INSERT INTO items SELECT i, repeat('x', 1024 * 1024) FROM generate_series(1, 400) i",
    );
    await expect.poll(() => world.redis.llen('conn_large:items:wait'), { timeout: 120_000 }).toBe(400);
    // The transaction holds 400 MB; a row of 1 MB is held several times over between its socket and the next.
    expect(await capture.peakRssBytes()).toBeLessThan(250 * 1024 * 1024);
    expect(await capture.end('SIGTERM')).toBe(0);
  });

  it('300,000 rows in one transaction pass in bounded memory', async () => {
    await using world = await CaptureWorld.create(servers, 'conn_million', {
      schema: SCHEMA,
      queues: { items: { table: 'items', operations: ['insert'] } },
    });
    const { source, redis } = world.config;
    const capture = await CaptureProcess.start({
      databaseUrl: world.databaseUrl,
      redisUrl: servers.redis.url,
      config: {
        source: { slot: source.slot },
        redis: { prefix: redis.prefix, durability: 'memory' },
        capture: { maxQueueDepth: 3_000_000 },
        queues: QUEUES,
      },
    });
    // Memory is what this looks at; two thousand fsyncs would only make it wait.
    await world.redis.config('SET', 'appendfsync', 'no');
    await world.client.query("INSERT INTO items SELECT i, 'row' FROM generate_series(1, 300000) i");
    await expect
      .poll(() => world.redis.llen(`${redis.prefix}:items:wait`), { timeout: 240_000, interval: 500 })
      .toBe(300_000);
    expect(await capture.peakRssBytes()).toBeLessThan(250 * 1024 * 1024);
    expect(await capture.end('SIGTERM')).toBe(0);
    await world.redis.flushall('ASYNC');
  });
});
