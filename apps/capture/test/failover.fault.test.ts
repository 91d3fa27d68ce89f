import { type EmbeddedRedis, embeddedPostgresMajor, startRedis } from '@walmq/embedded';
import { createPool } from '@walmq/postgres';
import { type Network, type Pair, promote, slotSynced, startNetwork, startPair } from '@walmq/testing';
import type { Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectAllOnce } from './arrival-fixture.js';
import { CaptureWorld } from './capture-fixture.js';
import { CaptureProcess, type CaptureSetting, runWalmq } from './capture-process-fixture.js';
import { LOAD_SCHEMA, progress, startLoad } from './load-fixture.js';

const QUEUES = { things: { table: 'things' } };

async function portOf(pool: Pool): Promise<number> {
  const { rows } = await pool.query<{ port: number }>("SELECT current_setting('port')::int AS port");
  return rows[0]?.port as number;
}

/** Slots are kept on standbys from PostgreSQL 17 on. */
describe.runIf(embeddedPostgresMajor() >= 17)('the primary killed, the standby promoted', () => {
  let redis: EmbeddedRedis;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.stop());

  it('slot kept in step, both hosts in the URL: every change of the new primary once, in order per key', async () => {
    await using pair = await startPair({ syncSlots: true, waitForStandby: true });
    await using network = await startNetwork(pair.primary.port);
    await using world = await createWorld('failover', pair, network);
    const { host } = new URL(pair.primary.url);
    const hosts = world.databaseUrl.replace(
      new URL(world.databaseUrl).host,
      `${new URL(pair.standbyUrl).host},${host}`,
    );
    const listed = `${hosts}?target_session_attrs=read-write`;
    const capture = await CaptureProcess.start({ ...settingOf(world), databaseUrl: listed });
    await capture.waitFor('stream:started');
    const pool = createPool({ url: listed, name: 'handlers', forHandlers: true });
    expect(await portOf(pool)).toBe(pair.primary.port);
    const load = startLoad(world.databaseUrl, 1);
    await progress(load, 60);
    await slotSynced(pair, 'failover');
    await progress(load, 60);
    await pair.primary.kill('SIGKILL');
    network.redirect(pair.standby.port);
    // The only host that answers is not promoted yet.
    await capture.waitFor('DATABASE_IS_STANDBY');
    // Nor is it a server for workers.
    await expect(portOf(pool)).rejects.toMatchObject({
      code: expect.stringMatching(/^(DATABASE_IS_STANDBY|ECONNREFUSED|57P01|57P02)$/),
    });
    await promote(pair.standbyUrl);
    await expect.poll(() => portOf(pool).catch(() => 0)).toBe(pair.standby.port);
    await pool.end();
    await progress(load, 60);
    await load.stop();
    await world.reconnect();
    await world.waitUntilAcknowledged();
    expect(await capture.end('SIGTERM')).toBe(0);
    await expectAllOnce(world);
  });

  it('slot not kept: stops with SLOT_MISSING, and the remedy brings it back', async () => {
    await using pair = await startPair({ syncSlots: false, waitForStandby: false });
    await using network = await startNetwork(pair.primary.port);
    await using world = await createWorld('failover_unsynced', pair, network);
    const setting = settingOf(world);
    const capture = await CaptureProcess.start(setting);
    await capture.waitFor('stream:started');
    await insert(world, 101, 200);
    await world.waitForChanges('things', 100);
    await world.waitUntilAcknowledged();
    await pair.primary.kill('SIGKILL');
    network.redirect(pair.standby.port);
    await promote(pair.standbyUrl);
    expect(await capture.exitCode()).toBe(1);
    expect(capture.output).toMatch(/SLOT_MISSING.*walmq setup.*walmq accept-loss/);

    await runWalmq(['setup'], setting);
    await runWalmq(['accept-loss', '--yes'], setting);
    const mended = await CaptureProcess.start(setting);
    await mended.waitFor('stream:started');
    await world.reconnect();
    await insert(world, 201, 300);
    await world.waitForChanges('things', 200);
    expect(await mended.end('SIGTERM')).toBe(0);
  });

  it('a standby that was behind: stops with CHECKPOINT_AHEAD, even when it has written past the checkpoint', async () => {
    await using pair = await startPair({ syncSlots: true, waitForStandby: false });
    await using network = await startNetwork(pair.primary.port);
    await using world = await createWorld('failover_behind', pair, network);
    const setting = settingOf(world);
    const capture = await CaptureProcess.start(setting);
    await capture.waitFor('stream:started');
    await insert(world, 101, 200);
    await slotSynced(pair, 'failover_behind');
    await pair.standby.kill('SIGKILL');
    await insert(world, 201, 300);
    await world.waitForChanges('things', 200);
    await pair.primary.kill('SIGKILL');
    network.refuse();
    await pair.standby.restart();
    await promote(pair.standbyUrl);
    network.redirect(pair.standby.port);
    network.mend();
    await world.reconnect();
    // Other changes where the lost ones stood: they must not be taken for those.
    await insert(world, 1001, 2000);
    expect(await capture.exitCode()).toBe(1);
    expect(capture.output).toMatch(/CHECKPOINT_AHEAD.*walmq accept-loss/);

    await runWalmq(['accept-loss', '--yes'], setting);
    const mended = await CaptureProcess.start(setting);
    await mended.waitFor('stream:started');
    await world.waitUntilAcknowledged();
    expect(await mended.end('SIGTERM')).toBe(0);
    const ids = new Set((await world.changes('things')).map(change => change.after?.id));
    for (let id = 1001; id <= 2000; id++) expect(ids).toContain(id);
  });

  const createWorld = (name: string, { primary }: Pair, network: Network) =>
    CaptureWorld.create({ postgres: { url: network.url(primary.url) }, redis }, name, {
      schema: LOAD_SCHEMA,
      queues: QUEUES,
    });

  function settingOf(world: CaptureWorld): CaptureSetting {
    const { source, redis: keys } = world.config;
    return {
      databaseUrl: world.databaseUrl,
      redisUrl: redis.url,
      config: { source: { slot: source.slot }, redis: { prefix: keys.prefix }, queues: QUEUES },
    };
  }

  const insert = (world: CaptureWorld, from: number, to: number) =>
    world.client.query("INSERT INTO things SELECT i, i, 'row' FROM generate_series($1::int, $2::int) i", [
      from,
      to,
    ]);
});
