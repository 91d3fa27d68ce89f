import { eventually, type Servers, startServers, stopServers } from '@walmq/testing';
import { Queue } from 'bullmq';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { defineWorker } from '../src/define/define.js';
import { type Delay, postpone } from '../src/failure/thrown.js';
import { WorkerWorld } from './worker-fixture.js';

describe('a change that is put off again and again', () => {
  let servers: Servers;
  beforeAll(async () => {
    servers = await startServers();
  });
  afterAll(() => stopServers(servers));

  it.each<[string, Delay]>([
    ['nothing', 0],
    ['no number', Number.NaN],
    ['a time that is past', -86_400_000],
    ['growing delays', { firstMs: 200, maxMs: 400 }],
  ])('by %s is no storm of tries, says so, and fails in the end', async (name, asked) => {
    await using world = await WorkerWorld.create(servers, `put_off_${name.replaceAll(' ', '_')}`, {
      queues: {
        orders: { table: 'orders', backoff: { delayMs: 200, maxDelayMs: 400 }, maxPostponedMs: 1500 },
      },
    });
    await using queue = Object.assign(
      new Queue('orders', { connection: world.redis, prefix: world.prefix }),
      {
        [Symbol.asyncDispose]: async () => {},
      },
    );
    let tries = 0;
    world.start(
      defineWorker({
        queue: 'orders',
        on: {
          orders: {
            insert: async () => {
              tries += 1;
              throw postpone('the carrier is closed.', asked);
            },
          },
        },
      }),
    );
    const job = await world.add('orders', world.change('insert', 'orders', { after: { id: 1 } }));
    await eventually(async () =>
      expect((await queue.getJob(job.id as string))?.progress).toMatchObject({
        since: expect.stringMatching(/^20/) as string,
        reason: 'HANDLER_POSTPONED: the carrier is closed.',
      }),
    );
    expect(await world.ending('orders', job)).toMatchObject({
      state: 'failed',
      tries: 1,
      reason: expect.stringMatching(
        /^HANDLER_POSTPONED_TOO_LONG: .* since 20.*the carrier is closed/,
      ) as string,
    });
    // 200, 400, 400, 400, and the last one when the time is up.
    expect(tries).toBeLessThanOrEqual(6);

    // Retried, it may be put off as long again.
    const before = tries;
    await (await queue.getJob(job.id as string))?.retry('failed');
    await eventually(() => expect(tries).toBeGreaterThan(before + 1));
  });
});
