import { type Servers, startServers, stopServers } from '@walmq/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CaptureWorld } from './capture-fixture.js';
import { CaptureProcess } from './capture-process-fixture.js';

const SCHEMA = 'CREATE TABLE items (id integer PRIMARY KEY, name text)';
const QUEUES = { items: { table: 'items' } };

describe('two captures, one slot', () => {
  let servers: Servers;
  beforeAll(async () => {
    servers = await startServers();
  });
  afterAll(() => stopServers(servers));

  function start(world: CaptureWorld): Promise<CaptureProcess> {
    const { source, redis } = world.config;
    return CaptureProcess.start({
      databaseUrl: world.databaseUrl,
      redisUrl: servers.redis.url,
      config: { source: { slot: source.slot }, redis: { prefix: redis.prefix }, queues: QUEUES },
    });
  }

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

  it('the second stands by, and takes over when the first dies', async () => {
    await using world = await CaptureWorld.create(servers, 'standby_kill', {
      schema: SCHEMA,
      queues: QUEUES,
    });
    const first = await start(world);
    await first.waitFor('stream:started');
    const second = await start(world);
    await second.waitFor('SLOT_BUSY');
    await insert(world, 1, 100);
    await expectIds(world, 100);
    // It has looked at the slot several times, and has said so once. An orchestrator finds it ready.
    const looks = 'walmq_capture_sessions_ended_total{code="SLOT_BUSY"}';
    await expect.poll(() => second.metric(looks), { timeout: 30_000 }).toBeGreaterThan(3);
    expect(second.output.split('session:standby')).toHaveLength(2);
    expect(second.output).not.toContain('session:ended');
    expect(JSON.parse(await second.ask('ready'))).toEqual({ ready: true, reasons: {} });
    await first.end('SIGKILL');
    await second.waitFor('stream:started');
    await insert(world, 101, 200);
    await expectIds(world, 200);
    expect(await second.end('SIGTERM')).toBe(0);
  });

  it('one that was stopped while another took over gets none of its late batches in, and stands by', async () => {
    await using world = await CaptureWorld.create(servers, 'standby_fence', {
      schema: SCHEMA,
      queues: QUEUES,
    });
    const old = await start(world);
    await old.waitFor('stream:started');
    const fresh = await start(world);
    await fresh.waitFor('SLOT_BUSY');
    for (let round = 0; round < 5; round++) {
      // Stopped with data on its sockets and batches under way; its walsender is ended as a time-out would.
      await insert(world, round * 200 + 1, round * 200 + 100);
      const [active, other] = round % 2 === 0 ? [old, fresh] : [fresh, old];
      const before = other.output.split('stream:started').length;
      active.signal('SIGSTOP');
      await insert(world, round * 200 + 101, round * 200 + 200);
      await world.client.query(
        'SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = $1',
        [world.config.source.slot],
      );
      await expect
        .poll(() => other.output.split('stream:started').length, { timeout: 30_000 })
        .toBeGreaterThan(before);
      active.signal('SIGCONT');
      await expect
        .poll(() => active.output.split('session:ended').length, { timeout: 30_000 })
        .toBeGreaterThan(round / 2);
      await expectIds(world, (round + 1) * 200);
    }
    expect(await old.end('SIGTERM')).toBe(0);
    expect(await fresh.end('SIGTERM')).toBe(0);
    await expectIds(world, 1000);
  });
});
