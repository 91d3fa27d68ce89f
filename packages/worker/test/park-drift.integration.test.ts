import { parseConfig, type QueueConfig, resolveConfig, type WalmqConfigInput } from '@walmq/config';
import type { TableDescription, ValueType } from '@walmq/row-types';
import { type Servers, startServers, stopServers } from '@walmq/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { defineWorker } from '../src/define/define.js';
import { WorkerWorld } from './worker-fixture.js';

type QueueInput = WalmqConfigInput['queues'][string];

const expecting = (total: ValueType, more: QueueInput = {}): WalmqConfigInput['queues'] => {
  const orders: TableDescription = {
    oldRow: 'whole',
    key: ['id'],
    columns: [
      { name: 'id', type: 'integer', nullable: false },
      { name: 'total', type: total, nullable: false },
    ],
  };
  return { orders: { table: 'orders', expect: { orders }, onDrift: 'park', ...more } };
};

const resolve = (queues: WalmqConfigInput['queues'], prefix: string): Readonly<Record<string, QueueConfig>> =>
  resolveConfig(parseConfig({ redis: { prefix }, queues }, 'test')).queues;

describe('a change whose rows are not as its queue expects them', () => {
  let servers: Servers;
  beforeAll(async () => {
    servers = await startServers();
  });
  afterAll(() => stopServers(servers));

  it('parks its key alone, and runs in order once a worker that knows it is there', async () => {
    await using world = await WorkerWorld.create(servers, 'park_drift', { queues: expecting('integer') });
    const seen: unknown[] = [];
    const definition = defineWorker({
      queue: 'orders',
      on: {
        orders: {
          insert: async ({ after }) => seen.push(after),
          update: async ({ after }) => seen.push(after),
        },
      },
    });
    const old = world.start(definition);
    const row = (id: number, total: unknown) => ({ id, total });
    const change = (before: object, after: object) => world.change('update', 'orders', { before, after });
    const [fits, drifted, next] = await world.addInOrder('orders', [
      change(row(1, 1), row(1, 2)),
      change(row(1, '2'), row(1, '2.50')),
      change(row(1, '2.50'), row(1, '3.50')),
    ]);
    expect(await world.ending('orders', fits!)).toMatchObject({ state: 'completed' });
    const failed = await world.ending('orders', drifted!);
    expect(failed).toMatchObject({ state: 'failed', tries: 1 });
    expect(failed).toMatchObject({
      reason: expect.stringMatching(
        /: orders is not as this worker expects it: orders\.total: expected integer, found a string\. .*walmq types.*walmq replay --queue orders/,
      ),
    });
    expect(JSON.stringify(failed)).not.toContain('2.50');
    await world.process('orders', world.change('insert', 'orders', { after: row(2, 7) }));
    expect(await world.stateOf('orders', next!)).toBe('waiting-children');
    expect(seen).toEqual([row(1, 2), row(2, 7)]);

    await old.close(0);
    world.start(definition, resolve(expecting('numeric'), world.prefix));
    await drifted!.retry();
    expect(await world.ending('orders', next!)).toMatchObject({ state: 'completed' });
    expect(seen.slice(2)).toEqual([row(1, '2.50'), row(1, '3.50')]);
  });

  it('is not looked at where the queue masks a column', async () => {
    const shaped = expecting('integer', { mask: { total: 'redact' } });
    await using world = await WorkerWorld.create(servers, 'park_drift_shaped', { queues: shaped });
    world.start(defineWorker({ queue: 'orders', on: { orders: { insert: async () => 'seen' } } }));
    const masked = world.change('insert', 'orders', { after: { id: 1, total: '***' } });
    expect(await world.process('orders', masked)).toMatchObject({ state: 'completed' });
    const renamed = world.change('insert', 'orders', { after: { nr: 1, total: '***' } });
    expect(await world.process('orders', renamed)).toMatchObject({
      state: 'failed',
      reason: expect.stringContaining('orders.id is gone') as string,
    });
  });

  it('is dropped as ever where no handler would see it', async () => {
    await using world = await WorkerWorld.create(servers, 'park_drift_dropped', {
      queues: expecting('integer'),
    });
    world.start(defineWorker({ queue: 'orders', on: { orders: { insert: async () => 'seen' } } }));
    const removed = world.change('delete', 'orders', { before: { id: 1, total: 'x' } });
    expect(await world.process('orders', removed)).toMatchObject({
      state: 'completed',
      result: { processed: false },
    });
  });

  it('fails with a reason that still says what to do, however much of it does not fit', async () => {
    const columns = Array.from({ length: 60 }, (_, n) => ({
      name: `column_${n}`,
      type: 'integer' as const,
      nullable: false,
    }));
    await using world = await WorkerWorld.create(servers, 'park_drift_wide', {
      queues: {
        orders: {
          table: 'orders',
          onDrift: 'park',
          expect: { orders: { oldRow: 'whole', key: ['id'], columns } },
        },
      },
    });
    world.start(defineWorker({ queue: 'orders', on: { orders: { insert: async () => 'seen' } } }));
    expect(
      await world.process('orders', world.change('insert', 'orders', { after: { id: 1 } })),
    ).toMatchObject({
      state: 'failed',
      reason: expect.stringMatching(
        /orders\.column_0 is gone; .*; and \d+ more\. .*walmq replay --queue orders/,
      ),
    });
  });
});
