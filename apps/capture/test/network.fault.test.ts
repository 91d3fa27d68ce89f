import { type Network, type Servers, startNetwork, startServers, stopServers } from '@walmq/testing';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CaptureWorld } from './capture-fixture.js';
import { CaptureProcess } from './capture-process-fixture.js';

const SCHEMA = 'CREATE TABLE items (id integer PRIMARY KEY, name text)';
const QUEUES = { items: { table: 'items' } };

describe('what the network may do to a capture', () => {
  let servers: Servers;
  beforeAll(async () => {
    servers = await startServers();
    // How long either side takes silence for life.
    const admin = new Client(servers.postgres.url);
    await admin.connect();
    await admin.query("ALTER SYSTEM SET wal_sender_timeout = '5s'");
    await admin.query('SELECT pg_reload_conf()');
    await admin.end();
  });
  afterAll(() => stopServers(servers));

  const insert = (world: CaptureWorld, from: number, to: number) =>
    world.client.query("INSERT INTO items SELECT i, 'x' FROM generate_series($1::int, $2::int) i", [
      from,
      to,
    ]);

  async function expectIds(world: CaptureWorld, count: number): Promise<void> {
    const changes = await world.waitForChanges('items', count);
    expect(changes.map(change => (change.key as { id: number }).id)).toEqual(
      Array.from({ length: count }, (_, i) => i + 1),
    );
  }

  /** A capture whose way to PostgreSQL, and whose way to Redis, is ours to disturb. */
  async function startThrough(
    world: CaptureWorld,
    { postgres, redis }: Record<'postgres' | 'redis', Network>,
  ): Promise<CaptureProcess> {
    const capture = await CaptureProcess.start({
      databaseUrl: postgres.url(world.databaseUrl),
      redisUrl: redis.url(servers.redis.url),
      config: {
        source: { slot: world.config.source.slot, deadlineMs: 2000 },
        redis: { prefix: world.config.redis.prefix, deadlineMs: 2000 },
        queues: QUEUES,
      },
    });
    await capture.waitFor('stream:started');
    return capture;
  }

  /** A network in front of each server; both end with the test. */
  async function networks() {
    const [postgres, redis] = await Promise.all([
      startNetwork(servers.postgres.port),
      startNetwork(servers.redis.port),
    ]);
    return {
      postgres,
      redis,
      async [Symbol.asyncDispose]() {
        await Promise.all([postgres[Symbol.asyncDispose](), redis[Symbol.asyncDispose]()]);
      },
    };
  }

  it.each(['postgres', 'redis'] as const)(
    'the way to %s ended, reset, refused: comes back, nothing lost, nothing twice',
    async way => {
      await using world = await CaptureWorld.create(servers, `net_cut_${way}`, {
        schema: SCHEMA,
        queues: QUEUES,
      });
      await using both = await networks();
      const capture = await startThrough(world, both);
      let count = 0;
      for (const how of ['end', 'reset', 'end', 'reset'] as const) {
        await insert(world, count + 1, count + 2000);
        both[way].cut(how);
        await insert(world, count + 2001, count + 3000);
        count += 3000;
        await expectIds(world, count);
      }
      both[way].refuse();
      await insert(world, count + 1, count + 1000);
      await capture.waitFor('ECONNRESET');
      both[way].mend();
      await expectIds(world, count + 1000);
      expect(await capture.end('SIGTERM')).toBe(0);
    },
  );

  it.each(['postgres', 'redis'] as const)(
    'the way to %s silent, without an end: noticed, and left for a new one',
    async way => {
      await using world = await CaptureWorld.create(servers, `net_stall_${way}`, {
        schema: SCHEMA,
        queues: QUEUES,
      });
      await using both = await networks();
      const capture = await startThrough(world, both);
      await insert(world, 1, 1000);
      await expectIds(world, 1000);
      both[way].stall();
      await insert(world, 1001, 2000);
      await capture.waitFor(way === 'postgres' ? 'session:ended' : 'enqueue:paused', 60_000);
      both[way].mend();
      await expectIds(world, 2000);
      expect(await capture.end('SIGTERM')).toBe(0);
    },
  );

  it('the replies of Redis lost for good on open connections: new ones are made, nothing lost, nothing twice', async () => {
    await using world = await CaptureWorld.create(servers, 'network_stranded', {
      schema: SCHEMA,
      queues: QUEUES,
    });
    await using both = await networks();
    const capture = await startThrough(world, both);
    await insert(world, 1, 10);
    await expectIds(world, 10);
    both.redis.lose('both');
    await insert(world, 11, 20);
    await expectIds(world, 20);
    await world.waitUntilAcknowledged();
    expect(await capture.end('SIGTERM')).toBe(0);
  });

  it('a Redis user without a right: one sentence that gives it, exit code 1', async () => {
    await using world = await CaptureWorld.create(servers, 'network_rights', {
      schema: SCHEMA,
      queues: QUEUES,
    });
    await world.redis.call(
      'ACL',
      'SETUSER',
      'app',
      'reset',
      'on',
      '>secret',
      '~*',
      '+@all',
      '-@dangerous',
      '-evalsha',
    );
    const url = new URL(servers.redis.url);
    url.username = 'app';
    url.password = 'secret';
    const capture = await CaptureProcess.start({
      databaseUrl: world.databaseUrl,
      redisUrl: url.href,
      config: {
        source: { slot: world.config.source.slot },
        redis: { prefix: world.config.redis.prefix },
        queues: QUEUES,
      },
    });
    expect(await capture.exitCode()).toBe(1);
    expect(capture.output).toMatch(/may not run EVALSHA, INFO\..*ACL SETUSER app \+evalsha \+info/);
  });
});
