import { setTimeout as sleep } from 'node:timers/promises';
import { type Servers, startNetwork, startServers, stopServers } from '@walmq/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectAllOnce } from './arrival-fixture.js';
import { CaptureWorld } from './capture-fixture.js';
import { CaptureProcess } from './capture-process-fixture.js';
import { LOAD_SCHEMA, progress, startLoad } from './load-fixture.js';

const FAULTS = 20;
const QUEUES = { things: { table: 'things' }, copies: { table: 'things' } };

/** Numbers from 0 to 1, the same for the same seed. */
function numbersFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
}

describe('every fault there is, one after the other at random', () => {
  let servers: Servers;
  beforeAll(async () => {
    servers = await startServers();
  });
  afterAll(() => stopServers(servers));

  const seed = Date.now() % 100_000;
  it(`seed ${seed}: every committed change is enqueued once, in order per key`, async () => {
    const random = numbersFrom(seed);
    await using databaseNetwork = await startNetwork(servers.postgres.port);
    await using redisNetwork = await startNetwork(servers.redis.port);
    await using world = await CaptureWorld.create(servers, 'all_faults', {
      schema: LOAD_SCHEMA,
      queues: QUEUES,
      shards: 2,
    });
    const { source, redis } = world.config;
    const start = () =>
      CaptureProcess.start({
        databaseUrl: databaseNetwork.url(world.databaseUrl),
        redisUrl: redisNetwork.url(servers.redis.url),
        config: {
          source: { slot: source.slot },
          redis: { prefix: redis.prefix, shards: redis.shards },
          queues: QUEUES,
          capture: { batchChanges: 50 },
        },
      });
    // One reads, the other stands by; which is which changes with the faults.
    const running = new Set([await start(), await start()]);
    const any = () => [...running][Math.floor(random() * running.size)] as CaptureProcess;
    const replace = async (signal: NodeJS.Signals) => {
      const ended = any();
      running.delete(ended);
      running.add(await start());
      await ended.end(signal);
    };
    const pause = async (stop: () => void, goOn: () => void) => {
      stop();
      await sleep(random() * 1000);
      goOn();
    };
    const suspend = async (signal: (name: NodeJS.Signals) => void) =>
      await pause(
        () => signal('SIGSTOP'),
        () => signal('SIGCONT'),
      );
    const faults: readonly (() => unknown)[] = [
      () => replace('SIGKILL'),
      () => {
        const capture = any();
        return suspend(name => capture.signal(name));
      },
      () => suspend(name => process.kill(servers.redis.pid, name)),
      () => servers.redis.kill('SIGKILL').then(servers.redis.restart),
      () => servers.postgres.kill('SIGKILL').then(servers.postgres.restart),
      () => databaseNetwork.cut(random() < 0.5 ? 'end' : 'reset'),
      () => redisNetwork.cut(random() < 0.5 ? 'end' : 'reset'),
      () => pause(databaseNetwork.stall, databaseNetwork.mend),
      () => pause(redisNetwork.stall, redisNetwork.mend),
      () => pause(redisNetwork.refuse, redisNetwork.mend),
      () => world.redis.script('FLUSH'),
    ];
    const load = startLoad(world.databaseUrl, 1);
    for (let n = 0; n < FAULTS; n++) {
      await faults[Math.floor(random() * faults.length)]?.();
      await progress(load, 10);
    }
    await load.stop();
    await world.reconnect();
    await world.waitUntilAcknowledged();
    for (const capture of running) {
      await capture.serves();
      expect(await capture.end('SIGTERM')).toBe(0);
    }
    await expectAllOnce(world);
    await expectAllOnce(world, 'copies');
  });
});
