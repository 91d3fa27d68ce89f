import { type Servers, startServers, stopServers } from '@walmq/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { entryIn, statesIn, TraceWorld } from './trace-fixture.js';

const ORDERS = 'CREATE TABLE orders (id integer PRIMARY KEY, status text NOT NULL)';

describe('the states of a row in its queues', () => {
  let servers: Servers;
  beforeAll(async () => {
    servers = await startServers();
  });
  afterAll(() => stopServers(servers));

  it('waiting, and parked behind the change before', async () => {
    const world = await TraceWorld.start(servers, 'trace_waiting', {
      schema: ORDERS,
      queues: { orders: { table: 'orders' } },
    });
    await world.sql("INSERT INTO orders VALUES (42, 'new'), (43, 'new')");
    await world.sql("UPDATE orders SET status = 'paid' WHERE id = 42");
    await world.sql("UPDATE orders SET status = 'sent' WHERE id = 42");
    await world.captured();
    const trace = await world.row('orders', '42');
    expect(trace.title).toBe('orders 42');
    expect(trace.changes.map(({ op, key }) => [op, key])).toEqual([
      ['insert', { id: 42 }],
      ['update', { id: 42 }],
      ['update', { id: 42 }],
    ]);
    expect(statesIn(trace, 'orders')).toEqual(['waiting', 'parked', 'parked']);
    const [first, second, third] = trace.changes;
    expect(entryIn(third, 'orders')?.job?.behind).toMatchObject({
      directly: entryIn(second, 'orders')?.job?.id,
      jobId: entryIn(first, 'orders')?.job?.id,
      state: 'waiting',
      ahead: 2,
    });
    expect(first?.transaction).toMatchObject({ xid: expect.any(Number) as number });
    expect(second?.rows).toMatchObject([
      { of: ['orders'], differences: [{ column: 'status', before: 'new', after: 'paid' }] },
    ]);
  });
});
