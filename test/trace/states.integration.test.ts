import { type Servers, startServers, stopServers } from '@walmq/testing';
import { defineWorker, giveUp, postpone } from '@walmq/worker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { entryIn, statesIn, TraceWorld } from './trace-fixture.js';

interface Order {
  id: number;
  status: string;
}

const SCHEMA = 'CREATE TABLE orders (id integer PRIMARY KEY, status text NOT NULL)';

describe('the states of a row in its queues', () => {
  let servers: Servers;
  beforeAll(async () => {
    servers = await startServers();
  });
  afterAll(() => stopServers(servers));

  it('waiting, and parked behind the change before', async () => {
    const world = await TraceWorld.start(servers, 'trace_waiting', {
      schema: SCHEMA,
      queues: { orders: { table: 'orders' }, deletes: { table: 'orders', operations: ['delete'] } },
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
    expect(statesIn(trace, 'deletes')).toEqual(['not-taken', 'not-taken', 'not-taken']);
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
    expect(trace.notes.map(({ code }) => code)).toEqual([
      'keep-completed',
      'keep-completed',
      'no-log',
      'no-log',
      'inbox',
    ]);
  });

  it('active in a process, until the handler ends; completed with its result, its inbox and its effects', async () => {
    const world = await TraceWorld.start(servers, 'trace_active', {
      schema: SCHEMA,
      queues: { orders: { table: 'orders' } },
    });
    let end: () => void = () => undefined;
    const keys: string[] = [];
    world.work(
      defineWorker<{ orders: Order }>({
        queue: 'orders',
        on: {
          orders: {
            insert: async (change, { once, effect }) => {
              await effect(change, 'mail', async ({ idempotencyKey }) => {
                keys.push(idempotencyKey);
                return { sent: 1 };
              });
              await new Promise<void>(resolve => {
                end = resolve;
              });
              return await once(change, async () => ({ confirmed: change.after.id }));
            },
          },
        },
      }),
    );
    await world.sql("INSERT INTO orders VALUES (42, 'new')");
    const active = await world.rowOnce(
      ['orders', '42'],
      trace =>
        keys.length > 0 &&
        statesIn(trace, 'orders')[0] === 'active' &&
        entryIn(trace.changes[0], 'orders')?.effects[0]?.state === 'done',
    );
    expect(entryIn(active.changes[0], 'orders')).toMatchObject({
      job: {
        tries: 1,
        worker: expect.stringMatching(new RegExp(`:${process.pid}$`)) as string,
        lock: expect.any(String) as string,
        startedAt: expect.any(String) as string,
      },
      effects: [{ name: 'mail', state: 'done', attempts: 1, idempotencyKey: keys[0], result: { sent: 1 } }],
    });
    end();
    const done = await world.rowOnce(['orders', '42'], trace => statesIn(trace, 'orders')[0] === 'completed');
    expect(entryIn(done.changes[0], 'orders')).toMatchObject({
      job: { result: { confirmed: 42 }, endedAt: expect.any(String) as string, lock: null },
      inbox: { result: { confirmed: 42 } },
    });
    // The job is removed, as its retention does. What is left is the inbox: by the change's id.
    const [change] = done.changes;
    await world.queue('orders').remove(entryIn(change, 'orders')?.job?.id as string);
    const left = await world.trace({ by: 'change', id: change?.id as string });
    expect(left.changes[0]?.queues).toMatchObject([
      {
        queue: 'orders',
        state: 'done',
        job: null,
        inbox: { result: { confirmed: 42 } },
        effects: [{ name: 'mail' }],
      },
    ]);
    const unknown = await world.row('orders', '42');
    expect(unknown.changes).toEqual([]);
    expect(unknown.notes.map(({ code }) => code)).toContain('row-there');
  });

  it('failed with its reason and what is parked behind it; delayed by a retry; postponed', async () => {
    const world = await TraceWorld.start(servers, 'trace_failed', {
      schema: SCHEMA,
      queues: {
        orders: { table: 'orders', attempts: 3, backoff: { delayMs: 3_600_000 } },
      },
    });
    world.work(
      defineWorker<{ orders: Order }>({
        queue: 'orders',
        on: {
          orders: {
            insert: async ({ after }) => {
              if (after.id === 1) throw giveUp('the address is wrong');
              if (after.id === 2) throw Object.assign(new Error('connection lost'), { code: 'ECONNRESET' });
              throw postpone('too many requests', 3_600_000);
            },
            update: async () => undefined,
          },
        },
      }),
    );
    await world.sql("INSERT INTO orders VALUES (1, 'new'), (2, 'new'), (3, 'new')");
    await world.sql("UPDATE orders SET status = 'paid' WHERE id = 1");
    const failed = await world.rowOnce(
      ['orders', '1'],
      trace => statesIn(trace, 'orders').join() === 'failed,parked',
    );
    const [first, second] = failed.changes;
    expect(entryIn(first, 'orders')?.job).toMatchObject({
      failedReason: expect.stringContaining('the address is wrong') as string,
      tries: 1,
    });
    expect(entryIn(second, 'orders')?.job?.behind).toMatchObject({
      state: 'failed',
      key: { id: 1 },
      failedReason: expect.stringContaining('the address is wrong') as string,
    });
    const delayed = await world.rowOnce(['orders', '2'], trace => statesIn(trace, 'orders')[0] === 'delayed');
    const { job, why } = entryIn(delayed.changes[0], 'orders') as NonNullable<ReturnType<typeof entryIn>>;
    expect(why).toContain('tried again');
    expect(job).toMatchObject({
      tries: 1,
      mostTries: 3,
      failedReason: expect.stringContaining('connection lost') as string,
    });
    expect(Date.parse(job?.delayedUntil as string)).toBeGreaterThan(Date.now());
    const postponed = await world.rowOnce(
      ['orders', '3'],
      trace => statesIn(trace, 'orders')[0] === 'delayed',
    );
    expect(entryIn(postponed.changes[0], 'orders')?.why).toContain('postponed it once');
  });
});
