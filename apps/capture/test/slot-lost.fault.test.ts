import { type Servers, startServers, stopServers } from '@walmq/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CaptureWorld } from './capture-fixture.js';
import { CaptureProcess, runWalmq } from './capture-process-fixture.js';

const SCHEMA = 'CREATE TABLE items (id integer PRIMARY KEY, name text)';
const QUEUES = { items: { table: 'items' } };

describe('a slot that falls behind by more than max_slot_wal_keep_size', () => {
  let servers: Servers;
  beforeAll(async () => {
    servers = await startServers({
      postgres: {
        max_slot_wal_keep_size: '1MB',
        min_wal_size: '32MB',
        max_wal_size: '1GB',
        wal_sender_timeout: '4s',
      },
    });
  });
  afterAll(() => stopServers(servers));

  it.each(['capture', 'redis'] as const)(
    'the %s stopped meanwhile: SLOT_LOST, exit code 1, and the remedy it prints brings it back',
    async who => {
      await using world = await CaptureWorld.create(servers, `lost_${who}`, {
        schema: SCHEMA,
        queues: QUEUES,
      });
      const { source, redis } = world.config;
      const setting = {
        databaseUrl: world.databaseUrl,
        redisUrl: servers.redis.url,
        config: { source: { slot: source.slot }, redis: { prefix: redis.prefix }, queues: QUEUES },
      };
      const capture = await CaptureProcess.start(setting);
      await capture.waitFor('stream:started');
      await insert(world, 1, 100);
      await world.waitForChanges('items', 100);

      const stopped = who === 'capture' ? capture.pid : servers.redis.pid;
      process.kill(stopped, 'SIGSTOP');
      // More than the sockets between them hold: the walsender waits, in the middle of sending.
      await insert(world, 101, 120_000);
      if (who === 'capture') await released(world);
      await leaveBehind(world);
      // With Redis it stays away: what has become of the slot is said all the same.
      if (who === 'capture') process.kill(stopped, 'SIGCONT');
      await capture.waitFor('process:failed', 60_000);
      expect(await capture.exitCode()).toBe(1);
      const slot = source.slot;
      expect(capture.output).toMatch(
        new RegExp(`SLOT_LOST.*pg_drop_replication_slot\\('${slot}'\\).*walmq setup.*walmq accept-loss`),
      );
      const again = await CaptureProcess.start(setting);
      expect(await again.exitCode()).toBe(1);
      expect(again.output).toContain('SLOT_LOST');
      if (who === 'redis') process.kill(stopped, 'SIGCONT');

      await world.client.query('SELECT pg_drop_replication_slot($1)', [slot]);
      await runWalmq(['setup'], setting);
      await runWalmq(['accept-loss', '--yes'], setting);
      // Until here Redis may still find a batch in its socket that the dead capture sent.
      const before = (await world.changes('items')).length;
      const mended = await CaptureProcess.start(setting);
      await mended.waitFor('stream:started');
      await insert(world, 200_001, 200_100);
      const changes = await world.waitForChanges('items', before + 100);
      expect(changes.slice(-100).map(change => change.after?.id)).toEqual(
        Array.from({ length: 100 }, (_, i) => 200_001 + i),
      );
      expect(await mended.end('SIGTERM')).toBe(0);
    },
  );

  const insert = (world: CaptureWorld, from: number, to: number) =>
    world.client.query(
      "INSERT INTO items SELECT i, repeat('x', 200) FROM generate_series($1::int, $2::int) i",
      [from, to],
    );

  /** Waits until the server has taken the silence of a capture for its end. */
  async function released(world: CaptureWorld): Promise<void> {
    const active = async () => {
      const { rows } = await world.client.query<{ active: boolean }>(
        'SELECT active FROM pg_replication_slots WHERE slot_name = $1',
        [world.config.source.slot],
      );
      return rows[0]?.active;
    };
    await expect.poll(active, { timeout: 60_000 }).toBe(false);
  }

  /** Writes WAL until the server has given the slot up. */
  async function leaveBehind(world: CaptureWorld): Promise<void> {
    await expect
      .poll(
        async () => {
          await world.client.query("SELECT pg_logical_emit_message(true, 'filler', '')");
          await world.client.query('SELECT pg_switch_wal()');
          await world.client.query('CHECKPOINT');
          const { rows } = await world.client.query<{ wal_status: string }>(
            'SELECT wal_status FROM pg_replication_slots WHERE slot_name = $1',
            [world.config.source.slot],
          );
          return rows[0]?.wal_status;
        },
        { timeout: 60_000 },
      )
      .toBe('lost');
  }
});
