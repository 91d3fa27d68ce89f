import { type Servers, startServers, stopServers } from '@walmq/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { defineWorker } from '../src/define/define.js';
import { WorkerWorld } from './worker-fixture.js';

describe('a change that capture could not shape', () => {
  let servers: Servers;
  beforeAll(async () => {
    servers = await startServers();
  });
  afterAll(() => stopServers(servers));

  it('fails at its first try with the reason and what to do, and no handler sees it', async () => {
    await using world = await WorkerWorld.create(servers, 'shape_error', {
      queues: { orders: { table: 'orders' } },
    });
    const seen: unknown[] = [];
    world.start(
      defineWorker<{ orders: { id: number } }>({
        queue: 'orders',
        on: { orders: { insert: async ({ after }) => seen.push(after.id) } },
      }),
    );
    const change = world.change('insert', 'orders', { after: { id: 1 } });
    const shapeError = 'transform of the queue failed: no such colour';
    const failed = await world.process('orders', { ...change, shapeError }, { attempts: 5 });
    expect(failed).toMatchObject({ state: 'failed', tries: 1 });
    expect(failed).toMatchObject({
      reason: expect.stringMatching(/no such colour.*walmq\.config\.ts.*backfill/s),
    });
    await world.process('orders', world.change('insert', 'orders', { after: { id: 2 } }));
    expect(seen).toEqual([2]);
  });
});
