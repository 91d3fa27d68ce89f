import type { Change } from '@walmq/change';
import type { PipelineStatus } from '@walmq/operations';
import { type Servers, startServers, stopServers } from '@walmq/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectAllOnce } from './arrival-fixture.js';
import { CaptureWorld } from './capture-fixture.js';
import { CaptureProcess, runWalmq } from './capture-process-fixture.js';
import { committedTokens, LOAD_SCHEMA, progress, startLoad, tokenOf } from './load-fixture.js';

const QUEUES = { things: { table: 'things' } };

describe('two pipelines in one database and one Redis', () => {
  let servers: Servers;
  beforeAll(async () => {
    servers = await startServers();
  });
  afterAll(() => stopServers(servers));

  it('each brings every change once through kills, knows of the other, and refuses what would mix them', async () => {
    await using world = await CaptureWorld.create(servers, 'pipes_a', {
      schema: LOAD_SCHEMA,
      queues: QUEUES,
    });
    const settingOf = (slot: string, prefix: string) => ({
      databaseUrl: world.databaseUrl,
      redisUrl: servers.redis.url,
      config: { source: { slot, publication: slot }, redis: { prefix }, queues: QUEUES },
    });
    const a = {
      ...settingOf('pipes_a', 'pipes_a'),
      config: { source: { slot: 'pipes_a' }, redis: { prefix: 'pipes_a' }, queues: QUEUES },
    };
    const b = settingOf('pipes_b', 'pipes_b');
    await runWalmq(['setup'], b);
    const load = startLoad(world.databaseUrl, 1);
    let [first, second] = await Promise.all([CaptureProcess.start(a), CaptureProcess.start(b)]);
    await Promise.all([first.waitFor('stream:started'), second.waitFor('stream:started')]);
    await progress(load, 40);
    await first.end('SIGKILL');
    first = await CaptureProcess.start(a);
    await progress(load, 20);
    await second.end('SIGKILL');
    second = await CaptureProcess.start(b);
    await Promise.all([first.waitFor('stream:started'), second.waitFor('stream:started')]);

    // The slot of one with the prefix of the other.
    const mixed = settingOf('pipes_c', 'pipes_a');
    await runWalmq(['setup'], mixed);
    const third = await CaptureProcess.start(mixed);
    expect(await third.exitCode()).toBe(1);
    expect(third.output).toContain('PIPELINE_COLLIDES');
    expect(third.output).toMatch(
      /slot \\"pipes_c\\" \(database \\"pipes_a\\"\) and that of slot \\"pipes_a\\" \(database \\"pipes_a\\", capture on .+\) both have the redis\.prefix \\"pipes_a\\"/,
    );
    await world.client.query("SELECT pg_drop_replication_slot('pipes_c')");
    // One slot in two configurations.
    const fourth = await CaptureProcess.start({
      ...a,
      config: { ...a.config, redis: { prefix: 'pipes_d' } },
    });
    expect(await fourth.exitCode()).toBe(1);
    expect(fourth.output).toMatch(
      /slot \\"pipes_a\\" is being read by another pipeline: redis\.prefix \\"pipes_a\\" on 127\.0\.0\.1:\d+.* This configuration has redis\.prefix \\"pipes_d\\"/,
    );
    // Where the pipeline itself has a standby, that one stays.
    const standby = await CaptureProcess.start(a);
    await standby.waitFor('session:standby');

    await progress(load, 20);
    await load.stop();
    const status = JSON.parse(
      await runWalmq(['status', '--json'], a).catch((error: { stdout: string }) => error.stdout),
    ) as PipelineStatus;
    expect(status.others).toMatchObject([
      { slot: 'pipes_b', database: 'pipes_a', active: true, home: { prefix: 'pipes_b' } },
    ]);
    // The last sign of life of one that has ended.
    await second.end('SIGTERM');
    const { others } = JSON.parse(
      await runWalmq(['status', '--json'], a).catch((error: { stdout: string }) => error.stdout),
    ) as PipelineStatus;
    expect(others).toMatchObject([
      { slot: 'pipes_b', active: false, seenAt: expect.stringMatching(/^20\d\d-/) },
    ]);
    second = await CaptureProcess.start(b);
    await world.waitUntilAcknowledged();
    const committed = await committedTokens(world.client);
    await expect
      .poll(async () => (await tokensOf(world, 'pipes_b')).length, { timeout: 30_000 })
      .toBe(committed.length);
    expect(await tokensOf(world, 'pipes_b')).toEqual(committed);
    expect(await standby.end('SIGTERM')).toBe(0);
    expect(await first.end('SIGTERM')).toBe(0);
    expect(await second.end('SIGTERM')).toBe(0);
    await expectAllOnce(world);

    // The reader of the slot is gone: the other configuration says where its changes went before.
    const fifth = await CaptureProcess.start({ ...a, config: { ...a.config, redis: { prefix: 'pipes_d' } } });
    expect(await fifth.exitCode()).toBe(1);
    expect(fifth.output).toMatch(/REDIS_LOST_CHANGES.*went to redis\.prefix \\"pipes_a\\" on /);
  });
});

async function tokensOf(world: CaptureWorld, prefix: string): Promise<number[]> {
  const keys = (await world.redis.keys(`${prefix}:things:*`)).filter(key =>
    /:[0-9A-F]{16}-\d{10}-\w+$/.test(key),
  );
  const texts = await Promise.all(keys.map(key => world.redis.hget(key, 'data')));
  return texts
    .map(text => JSON.parse(text as string) as Change)
    .filter(({ op }) => op !== 'delete')
    .map(tokenOf)
    .sort((one, other) => one - other);
}
