import type { Change } from '@walmq/change';
import {
  eventually,
  type Network,
  type Servers,
  startNetwork,
  startServers,
  stopServers,
} from '@walmq/testing';
import { Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { defineWorker } from '../src/define/define.js';
import { workerMetrics } from '../src/metrics/metrics.js';
import { startWorker } from '../src/run/start.js';
import { WorkerWorld } from './worker-fixture.js';

const CHAINS = 12;
const STEPS = 40;

interface Step {
  readonly row: number;
  readonly step: number;
}

/**
 * No handler uses `once`, and no change stalls within the test: a job that a lost call has taken, or completed without the
 * worker's knowledge, would be missing or made twice.
 */
const QUEUES = { steps: { table: 'steps', concurrency: 8, stalledAfterMs: 120_000 } };

describe('jobs moved in batches', () => {
  let servers: Servers;
  beforeAll(async () => {
    servers = await startServers();
  });
  afterAll(() => stopServers(servers));

  /** A kit worker on the other side of a network, and what its handlers made. */
  async function startBehind(network: Network, world: WorkerWorld, made: Step[], retryStrategy = () => 20) {
    const redis = new Redis(network.url(servers.redis.url), { maxRetriesPerRequest: null, retryStrategy });
    redis.on('error', () => undefined);
    const worker = startWorker({
      definition: stepsInto(made),
      queues: world.queues,
      redis,
      pool: world.pool,
      log: pino({ level: 'silent' }),
      metrics: workerMetrics(new Registry()),
    });
    return {
      close: async () => await worker.close(0),
      async [Symbol.asyncDispose]() {
        await worker.close(0);
        redis.disconnect();
      },
    };
  }

  async function addChains(world: WorkerWorld): Promise<void> {
    await Promise.all(
      Array.from({ length: CHAINS }, (_, row) =>
        world.addInOrder(
          'steps',
          Array.from({ length: STEPS }, (_, step) =>
            world.change('insert', 'steps', { after: { row, step } }),
          ),
        ),
      ),
    );
  }

  async function expectEachOnceInOrder(world: WorkerWorld, made: readonly Step[]): Promise<void> {
    await eventually(async () => expect(await world.countOf('steps', 'completed')).toBe(CHAINS * STEPS));
    const steps = Array.from({ length: STEPS }, (_, step) => step);
    for (let row = 0; row < CHAINS; row++)
      expect(made.filter(each => each.row === row).map(({ step }) => step)).toEqual(steps);
    expect(await world.countOf('steps', 'failed')).toBe(0);
  }

  it.each(['request', 'reply'] as const)(
    'are made once and in order, though the connection is lost again and again before the %s of a call',
    async instant => {
      await using world = await WorkerWorld.create(servers, `lost_${instant}`, { queues: QUEUES });
      await using network = await startNetwork(Number(new URL(servers.redis.url).port));
      const made: Step[] = [];
      await addChains(world);
      await using _worker = await startBehind(network, world, made);
      let cuts = 0;
      while (made.length < CHAINS * STEPS) {
        const before = made.length;
        network.cutAtNext(instant);
        cuts += 1;
        await eventually(() => expect(made.length).toBeGreaterThan(before));
      }
      expect(cuts).toBeGreaterThan(5);
      await expectEachOnceInOrder(world, made);
    },
  );

  it('a worker that waits for jobs closes, though its connections are lost and do not try again for long', async () => {
    await using world = await WorkerWorld.create(servers, 'closed_between_tries', { queues: QUEUES });
    await using network = await startNetwork(Number(new URL(servers.redis.url).port));
    let losses = 0;
    await using worker = await startBehind(network, world, [], () => {
      losses += 1;
      return 3_600_000;
    });
    await eventually(async () => expect(await world.redis.client('LIST')).toContain('cmd=bzpopmin'));
    network.refuse();
    // That of the moves, and that which waits.
    await eventually(() => expect(losses).toBe(2));
    await worker.close();
  });

  it('are made once and in order, though Redis forgets its scripts', async () => {
    await using world = await WorkerWorld.create(servers, 'flushed', { queues: QUEUES });
    const made: Step[] = [];
    world.start(stepsInto(made));
    await addChains(world);
    while (made.length < CHAINS * STEPS) await world.redis.script('FLUSH');
    await expectEachOnceInOrder(world, made);
  });

  it('are made once and in order, though Redis is out of memory for a time', async () => {
    await using world = await WorkerWorld.create(servers, 'oom', { queues: QUEUES });
    const made: Step[] = [];
    await addChains(world);
    await world.redis.config('SET', 'maxmemory', '1mb');
    world.start(stepsInto(made));
    await eventually(() =>
      expect(world.logged).toContainEqual(
        expect.objectContaining({ event: 'worker:error', error: expect.stringContaining('OOM') }),
      ),
    );
    expect(made).toEqual([]);
    await world.redis.config('SET', 'maxmemory', '0');
    await eventually(() => expect(made.length).toBeGreaterThan(CHAINS));
    // Jobs are completed, which frees memory; the call that completes a job may take another one.
    await world.redis.config('SET', 'maxmemory', '1mb');
    await eventually(async () => expect(await world.redis.llen(`${world.prefix}:steps:active`)).toBe(0));
    await world.redis.config('SET', 'maxmemory', '0');
    await expectEachOnceInOrder(world, made);
  });

  it("are made once and in order beside BullMQ's own worker and a second worker of ours", async () => {
    await using world = await WorkerWorld.create(servers, 'beside', { queues: QUEUES });
    const made: Step[] = [];
    const theirs = new Worker<Change<Step>>(
      'steps',
      async job => {
        made.push(job.data.after as Step);
      },
      { connection: world.redis, prefix: world.prefix, concurrency: 3 },
    );
    world.start(stepsInto(made));
    world.start(stepsInto(made));
    await addChains(world);
    await expectEachOnceInOrder(world, made);
    await theirs.close();
  });
});

function stepsInto(made: Step[]) {
  return defineWorker<{ steps: Step }>({
    queue: 'steps',
    on: {
      steps: {
        insert: async change => {
          made.push(change.after);
        },
      },
    },
  });
}
