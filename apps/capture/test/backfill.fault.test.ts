import { listBackfills, requestBackfill } from '@walmq/backfill';
import { type Servers, startServers, stopServers } from '@walmq/testing';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { expectLastStates, rowVersions, VERSIONED_SCHEMA, writeVersions } from './backfill-fixture.js';
import { CaptureWorld } from './capture-fixture.js';
import { CaptureProcess } from './capture-process-fixture.js';

const ROWS = 3000;
const WRITERS = 4;
const KILLS = 6;
const QUEUES = { things: { table: 'things' } };

describe('a backfill among changes', () => {
  let servers: Servers;
  beforeAll(async () => {
    servers = await startServers();
  });
  afterAll(() => stopServers(servers));

  it(`capture killed ${KILLS} times: of every row the last state enqueued is the table's, and none is older than one before`, async () => {
    await using world = await CaptureWorld.create(servers, 'backfill_killed', {
      schema: VERSIONED_SCHEMA,
      queues: QUEUES,
    });
    const { client, databaseUrl, config } = world;
    const { slot } = config.source;
    await client.query(`INSERT INTO things SELECT i, 0 FROM generate_series(1, ${ROWS}) i`);
    const start = () =>
      CaptureProcess.start({
        databaseUrl,
        redisUrl: servers.redis.url,
        config: { source: { slot }, redis: { prefix: config.redis.prefix }, queues: QUEUES },
      });
    await requestBackfill(client, {
      slot,
      queue: 'things',
      schema: 'public',
      table: 'things',
      filter: null,
      chunkRows: 40,
      rowsExpected: null,
    });
    const state = async () => {
      const [backfill] = await listBackfills(client, slot);
      return backfill as NonNullable<typeof backfill>;
    };
    const writers = Array.from({ length: WRITERS }, (_, seed) => writeVersions(databaseUrl, seed, ROWS));
    for (let kill = 0; kill < KILLS; kill++) {
      const { rowsRead } = await state();
      const capture = await start();
      // At a moment of its own each time: the writers see to that, and the distance.
      await expect
        .poll(
          async () => (await state()).status === 'done' || (await state()).rowsRead > rowsRead + 40 * kill,
          {
            timeout: 60_000,
            interval: 3,
          },
        )
        .toBe(true);
      await capture.end('SIGKILL');
    }
    const last = await start();
    await expect.poll(async () => (await state()).status, { timeout: 90_000 }).toBe('done');
    for (const writer of writers) await writer.stop();
    await world.waitUntilAcknowledged();
    expect(await last.end('SIGTERM')).toBe(0);
    const { repeated } = expectLastStates(await world.changes('things'), await rowVersions(client));
    // A kill makes the chunk in hand be read again, and no other.
    expect(repeated).toBeLessThanOrEqual(40 * (KILLS + 1));
  }, 240_000);

  it('a row whose change is committed but not yet visible is not enqueued as it was before', async () => {
    await using world = await CaptureWorld.create(servers, 'backfill_hidden', {
      schema: `${VERSIONED_SCHEMA} INSERT INTO things SELECT i, 0 FROM generate_series(1, 50) i`,
      queues: QUEUES,
    });
    const { client, config, databaseUrl } = world;
    const { slot } = config.source;
    const other = new Client({ connectionString: databaseUrl, application_name: 'other' });
    await other.connect();
    const standby = async (change: string) => {
      await client.query(`ALTER SYSTEM ${change}`);
      await client.query('SELECT pg_reload_conf()');
    };
    let streaming = false;
    const capture = world.capture({
      streaming: () => {
        streaming = true;
      },
    });
    await expect.poll(() => streaming, { timeout: 30_000 }).toBe(true);
    try {
      // Nobody is that standby: a commit that waits for it is in the stream, and no query sees it.
      await standby("SET synchronous_standby_names = 'nobody'");
      await client.query('SET synchronous_commit = local');
      // Commits wait once the checkpointer has heard of it, which may be later than that others have.
      let version = 0;
      let hidden: Promise<unknown> = Promise.resolve();
      const hides = async () => {
        version += 1;
        let ended = false;
        hidden = other.query('UPDATE things SET version = $1 WHERE id = 7', [version]).finally(() => {
          ended = true;
        });
        await vi.waitUntil(async () => ended || (await waitsForStandby(client, 'other')), {
          timeout: 30_000,
        });
        return !ended;
      };
      await vi.waitUntil(hides, { timeout: 30_000 });
      await world.waitForChanges('things', version);
      expect((await rowVersions(client)).get(7)).toBe(version - 1);
      await requestBackfill(client, {
        slot,
        queue: 'things',
        schema: 'public',
        table: 'things',
        filter: null,
        chunkRows: 1000,
        rowsExpected: null,
      });
      // The backfill's own commits wait as that one does: nothing is read before it can be seen.
      await vi.waitUntil(() => waitsForStandby(client, 'walmq capture backfill'), { timeout: 30_000 });
      await standby('RESET synchronous_standby_names');
      await hidden;
      await expect
        .poll(async () => (await listBackfills(client, slot))[0]?.status, { timeout: 30_000 })
        .toBe('done');
      await world.waitUntilAcknowledged();
      expectLastStates(await world.changes('things'), await rowVersions(client));
    } finally {
      await standby('RESET synchronous_standby_names');
      await capture.stop().catch(() => undefined);
      await other.end();
    }
  }, 120_000);
});

async function waitsForStandby(client: Client, application: string): Promise<boolean> {
  const { rowCount } = await client.query(
    "SELECT FROM pg_stat_activity WHERE application_name = $1 AND datname = current_database() AND wait_event = 'SyncRep'",
    [application],
  );
  return rowCount === 1;
}
