import { lsnFromHex, parseLsn } from '@walmq/change';
import { shardPrefixes, type WalmqConfigInput } from '@walmq/config';
import { checkpointKey } from '@walmq/fanout';
import { readSource } from '@walmq/replication';
import { type Servers, startServers, stopServers } from '@walmq/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectAllOnce } from './arrival-fixture.js';
import { CaptureWorld } from './capture-fixture.js';
import { CaptureProcess } from './capture-process-fixture.js';
import { LOAD_SCHEMA, progress, startLoad } from './load-fixture.js';

describe('crashes under load', () => {
  let servers: Servers;
  beforeAll(async () => {
    servers = await startServers();
  });
  afterAll(() => stopServers(servers));

  const QUEUES = { things: { table: 'things' } };

  it('capture killed 20 times at any instant: every committed change is enqueued once, in order per key', async () => {
    await using world = await CaptureWorld.create(servers, 'crash_capture', {
      schema: LOAD_SCHEMA,
      queues: QUEUES,
    });
    const watch = await watchInvariant(world);
    const loads = [startLoad(world.databaseUrl, 1), startLoad(world.databaseUrl, 2)];
    for (let round = 0; round < 20; round++) {
      const capture = await startCapture(world);
      await capture.waitFor('stream:started');
      // At any instant after it began: this draws one, nothing waits for it.
      await new Promise(resolve => setTimeout(resolve, Math.random() * 250));
      await capture.end('SIGKILL');
    }
    await Promise.all(loads.map(load => load.stop()));
    await expectEverythingOnce(world);
    expect(await watch.stop()).toEqual([]);
  });

  it('the same over shards, each with its own checkpoint: the slot is never beyond the slowest', async () => {
    const queues = { things: { table: 'things' }, copies: { table: 'things' } };
    await using world = await CaptureWorld.create(servers, 'crash_shards', {
      schema: LOAD_SCHEMA,
      queues,
      shards: 2,
    });
    expect(new Set(Object.values(world.config.queues).map(({ shard }) => shard)).size).toBe(2);
    const watch = await watchInvariant(world);
    const load = startLoad(world.databaseUrl, 1);
    for (let round = 0; round < 8; round++) {
      const capture = await startCapture(world, queues);
      await capture.waitFor('stream:started');
      await new Promise(resolve => setTimeout(resolve, Math.random() * 250));
      await capture.end('SIGKILL');
    }
    await load.stop();
    await expectEverythingOnce(world, await startCapture(world, queues));
    await expectAllOnce(world, 'copies');
    expect(await watch.stop()).toEqual([]);
  });

  it('Redis killed under load (fsync): capture pauses and goes on, nothing lost, nothing twice', async () => {
    await using world = await CaptureWorld.create(servers, 'crash_redis', {
      schema: LOAD_SCHEMA,
      queues: QUEUES,
    });
    const capture = await startCapture(world);
    await capture.waitFor('stream:started');
    const load = startLoad(world.databaseUrl, 1);
    for (let round = 0; round < 4; round++) {
      await progress(load, 40);
      await servers.redis.kill('SIGKILL');
      await progress(load, 40);
      await servers.redis.restart();
    }
    await load.stop();
    await capture.waitFor('enqueue:paused');
    expect(await capture.end('SIGTERM')).toBe(0);
    await expectEverythingOnce(world);
  });

  it('PostgreSQL killed under load: capture connects again, nothing lost, nothing twice', async () => {
    await using world = await CaptureWorld.create(servers, 'crash_postgres', {
      schema: LOAD_SCHEMA,
      queues: QUEUES,
    });
    world.client.on('error', () => undefined);
    const capture = await startCapture(world);
    await capture.waitFor('stream:started');
    const load = startLoad(world.databaseUrl, 1);
    for (let round = 0; round < 3; round++) {
      await progress(load, 40);
      await servers.postgres.kill('SIGKILL');
      await servers.postgres.restart();
    }
    await progress(load, 40);
    await load.stop();
    await capture.waitFor('session:ended');
    await world.reconnect();
    await expectEverythingOnce(world, capture);
  });

  function startCapture(
    world: CaptureWorld,
    queues: WalmqConfigInput['queues'] = QUEUES,
  ): Promise<CaptureProcess> {
    const { source, redis } = world.config;
    return CaptureProcess.start({
      databaseUrl: world.databaseUrl,
      redisUrl: servers.redis.url,
      config: {
        source: { slot: source.slot },
        redis: { prefix: redis.prefix, shards: redis.shards },
        queues,
      },
    });
  }

  /** Lets a capture finish, then compares what was committed with what arrived. */
  async function expectEverythingOnce(world: CaptureWorld, running?: CaptureProcess): Promise<void> {
    const capture = running ?? (await startCapture(world));
    await capture.waitFor('stream:started');
    await world.waitUntilAcknowledged();
    expect(await capture.end('SIGTERM')).toBe(0);
    await expectAllOnce(world);
  }

  /** Reads the slot, then the checkpoint, all the while: the slot is never beyond what Redis keeps. */
  async function watchInvariant(world: CaptureWorld): Promise<{ stop(): Promise<string[]> }> {
    const violations: string[] = [];
    const source = await readSource(world.client);
    const identity = { ...source, slot: world.config.source.slot };
    const keys = shardPrefixes(world.config.redis).map(prefix => checkpointKey(prefix, identity));
    let stopping = false;
    let looks = 0;
    const watching = (async () => {
      while (!stopping) {
        const confirmed = await world.confirmedFlushLsn();
        for (const key of keys) {
          const checkpoint = await world.redis.hget(key, 'position');
          if (checkpoint && parseLsn(confirmed) > lsnFromHex(checkpoint.slice(0, 16)))
            violations.push(`slot at ${confirmed}, checkpoint at ${checkpoint}`);
        }
        looks += 1;
      }
    })();
    return {
      async stop() {
        stopping = true;
        await watching;
        expect(looks).toBeGreaterThan(100);
        return violations;
      },
    };
  }
});
