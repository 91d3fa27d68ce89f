import type { Operation } from '@walmq/change';
import { type OrderItemRow, shopSchemaSql } from '@walmq/shop';
import { type Servers, startServers, stopServers } from '@walmq/testing';
import type { WorkerDefinition } from '@walmq/worker';
import { failingAfterFirstTry, WorkerWorld } from '@walmq/worker/fixture';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { analyticsWorker } from '../src/analytics-worker.js';

const QUEUES = { order_items: { table: 'order_items' } };
const LATE = '2026-03-01T23:59:59.999999Z';
const NEXT_DAY = '2026-03-02T00:00:00.000000Z';

function item(id: number, fields: Partial<OrderItemRow> = {}): OrderItemRow {
  return { id, order_id: id, product_id: 1, quantity: 2, price: '19.99', ...fields };
}

/** The worker with another size of its batches, which it notes. */
function inBatchesOf(size: number, sizes: number[]): WorkerDefinition {
  const { batch, ...definition } = analyticsWorker();
  if (!batch) throw new Error('the worker takes no batches');
  const { handler } = batch;
  return {
    ...definition,
    batch: {
      size,
      waitMs: 200,
      handler: (changes, context) => {
        sizes.push(changes.length);
        return handler(changes, context);
      },
    },
  };
}

describe('analytics-worker', () => {
  let servers: Servers;
  let world: WorkerWorld;
  beforeAll(async () => {
    servers = await startServers();
    world = await WorkerWorld.create(servers, 'analytics', { queues: QUEUES, schema: shopSchemaSql });
    world.start(analyticsWorker());
  });
  afterAll(async () => {
    await world?.[Symbol.asyncDispose]();
    await stopServers(servers);
  });

  const added = (after: OrderItemRow, at = LATE) => world.change('insert', 'order_items', { after }, at);
  const changed = (before: OrderItemRow, after: OrderItemRow, at = NEXT_DAY) =>
    world.change('update', 'order_items', { before, after }, at);
  const removed = (before: OrderItemRow) => world.change('delete', 'order_items', { before }, NEXT_DAY);
  const analytics = (productId: number, from = world) =>
    from.rows(
      `SELECT to_char(day, 'YYYY-MM-DD') AS day, quantity::int, revenue::text, orders::int
         FROM shop.product_analytics WHERE product_id = $1 ORDER BY day`,
      [productId],
    );

  it('counts a new item for its product and day, once for every delivery', async () => {
    const change = added(item(1));
    const result = {
      action: 'item_added',
      item_id: 1,
      order_id: 1,
      product_id: 1,
      quantity: 2,
      price: '19.99',
    };
    expect(await world.process('order_items', change)).toEqual({ state: 'completed', result, tries: 1 });
    expect(await world.process('order_items', change, { jobId: 'again-1' })).toMatchObject({ result });
    expect(await analytics(1)).toEqual([{ day: '2026-03-01', quantity: 2, revenue: '39.98', orders: 1 }]);
  });

  it('takes back all of a truncated table, and counts the items whose ids come again', async () => {
    await using emptied = await WorkerWorld.create(servers, 'emptied', {
      queues: QUEUES,
      schema: shopSchemaSql,
    });
    emptied.start(analyticsWorker());
    const insert = (id: number, quantity: number) =>
      emptied.change('insert', 'order_items', { after: item(id, { quantity, order_id: 1 }) }, LATE);
    const [first, second, late] = [insert(1, 3), insert(2, 4), insert(3, 5)];
    for (const change of [first, second]) await emptied.process('order_items', change);
    const truncate = emptied.change('truncate', 'order_items', {});
    const again = [insert(1, 7), insert(2, 9)];
    // A truncate is not ordered: of the ids that come again, one is back before it, one after.
    expect(await emptied.process('order_items', again[0]!)).toMatchObject({
      result: { action: 'item_added' },
    });
    expect(await emptied.process('order_items', truncate)).toMatchObject({
      state: 'completed',
      result: { action: 'items_removed', items: 1 },
    });
    await emptied.process('order_items', again[1]!);
    expect(await emptied.process('order_items', late)).toMatchObject({
      result: { action: 'none', reason: 'its table was truncated later' },
    });
    expect(await analytics(1, emptied)).toEqual([
      { day: '2026-03-01', quantity: 16, revenue: '319.84', orders: 1 },
    ]);
  });

  it('counts each day (UTC) by itself, and an order once a day, with cents that add up', async () => {
    const items = [1, 2, 3].map(n =>
      item(20 + n, { order_id: 20, product_id: 2, quantity: 1, price: '0.10' }),
    );
    for (const row of items) await world.process('order_items', added(row));
    await world.process('order_items', added(item(24, { product_id: 2, price: null }), NEXT_DAY));
    expect(await analytics(2)).toEqual([
      { day: '2026-03-01', quantity: 3, revenue: '0.30', orders: 1 },
      { day: '2026-03-02', quantity: 2, revenue: '0', orders: 1 },
    ]);
  });

  it('corrects a changed item on the day it was counted, also from one product to another', async () => {
    const before = item(30, { product_id: 3 });
    const more = item(30, { product_id: 3, quantity: 5, price: '20.00' });
    const other = item(30, { product_id: 4, quantity: 5, price: '20.00' });
    await world.process('order_items', added(before));
    const correction = changed(before, more);
    expect(await world.process('order_items', correction)).toMatchObject({
      result: { action: 'item_updated', item_id: 30, quantity: 5 },
    });
    await world.process('order_items', correction, { jobId: 'again-30' });
    expect(await analytics(3)).toEqual([{ day: '2026-03-01', quantity: 5, revenue: '100.00', orders: 1 }]);
    await world.process('order_items', changed(more, other));
    expect(await analytics(3)).toMatchObject([{ quantity: 0, orders: 0 }]);
    expect(await analytics(4)).toEqual([{ day: '2026-03-01', quantity: 5, revenue: '100.00', orders: 1 }]);
  });

  it('takes a removed item back, and its order only with its last item', async () => {
    const [first, second] = [
      item(50, { product_id: 5, order_id: 50 }),
      item(51, { product_id: 5, order_id: 50 }),
    ];
    await world.process('order_items', added(first));
    await world.process('order_items', added(second));
    const removal = removed(first);
    expect(await world.process('order_items', removal)).toMatchObject({
      result: { action: 'item_removed', item_id: 50 },
    });
    await world.process('order_items', removal, { jobId: 'again-50' });
    expect(await analytics(5)).toEqual([{ day: '2026-03-01', quantity: 2, revenue: '39.98', orders: 1 }]);
    await world.process('order_items', removed(second));
    expect(await analytics(5)).toEqual([{ day: '2026-03-01', quantity: 0, revenue: '0.00', orders: 0 }]);
  });

  it('leaves the figures for an item it never counted', async () => {
    const before = item(60, { product_id: 6 });
    for (const change of [changed(before, item(60, { product_id: 6, quantity: 9 })), removed(before)])
      expect(await world.process('order_items', change)).toMatchObject({
        result: { action: 'none', reason: 'item not counted', item_id: 60 },
      });
    expect(await analytics(6)).toEqual([]);
  });

  it('counts an item without an order, which adds no order', async () => {
    await world.process('order_items', added(item(70, { product_id: 7, order_id: null })));
    expect(await analytics(7)).toMatchObject([{ quantity: 2, orders: 0 }]);
  });

  it('adds up what many workers count at once, and back to nothing', async () => {
    const items = Array.from({ length: 120 }, (_, n) =>
      item(1000 + n, {
        order_id: 1000 + (n % 7),
        product_id: 80 + (n % 3),
        quantity: 1 + (n % 4),
        price: '0.07',
      }),
    );
    const processAll = async (changes: ReturnType<typeof added>[]) => {
      const jobs = await Promise.all(changes.map(change => world.add('order_items', change)));
      for (const job of jobs)
        expect(await world.ending('order_items', job)).toMatchObject({ state: 'completed' });
    };
    const totals = () =>
      world.rows(
        `SELECT sum(quantity)::int AS quantity, sum(revenue)::text AS revenue, sum(orders)::int AS orders
           FROM shop.product_analytics WHERE product_id BETWEEN 80 AND 83`,
      );
    await processAll(items.map(row => added(row)));
    expect(await totals()).toEqual([{ quantity: 300, revenue: '21.00', orders: 21 }]);
    // Every item to the next product: transactions that lock two rows in any order.
    const moved = items.map(row => ({ ...row, product_id: 80 + ((row.product_id - 79) % 3) }));
    await processAll(items.map((row, n) => changed(row, moved[n]!)));
    expect(await totals()).toEqual([{ quantity: 300, revenue: '21.00', orders: 21 }]);
    await processAll(moved.map(removed));
    expect(await totals()).toEqual([{ quantity: 0, revenue: '0.00', orders: 0 }]);
  });

  it('counts a batch of everything as it counts its changes one by one', async () => {
    const row = (id: number, fields: Partial<OrderItemRow> = {}) => item(id, { order_id: 1, ...fields });
    const change =
      (op: Operation, rows: { before?: OrderItemRow; after?: OrderItemRow }) => (at: WorkerWorld) =>
        at.change(op, 'order_items', rows, NEXT_DAY);
    const before = [1, 2, 3, 4].map(id => change('insert', { after: row(id) }));
    const together = [
      change('insert', { after: row(5, { product_id: 2 }) }),
      change('update', { before: row(1), after: row(1, { product_id: 2, quantity: 7 }) }),
      change('update', { before: row(2), after: row(2, { order_id: 2 }) }),
      change('delete', { before: row(3) }),
      change('insert', { after: row(4, { price: null }) }),
      change('update', { before: row(8), after: row(8, { quantity: 3 }) }),
      change('delete', { before: row(9) }),
    ];
    const emptied = [
      change('insert', { after: row(10) }),
      change('truncate', {}),
      change('insert', { after: row(1, { product_id: 3 }) }),
      change('insert', { after: row(11) }),
    ];
    const countIn = async (name: string, size: number) => {
      await using counting = await WorkerWorld.create(servers, name, {
        queues: { order_items: { table: 'order_items', concurrency: 1 } },
        schema: shopSchemaSql,
      });
      const steps = [];
      for (const step of [before, together, emptied]) {
        const jobs = [];
        for (const make of step) jobs.push(await counting.add('order_items', make(counting)));
        const sizes: number[] = [];
        const running = counting.start(inBatchesOf(size, sizes));
        const endings = [];
        for (const job of jobs) endings.push(await counting.ending('order_items', job));
        await running.close(0);
        const figures = await counting.rows('SELECT * FROM shop.product_analytics ORDER BY product_id, day');
        steps.push({ sizes, endings, figures });
      }
      return steps;
    };
    const single = await countIn('one_by_one', 1);
    const batched = await countIn('in_batches', 100);
    expect(batched.map(({ sizes }) => sizes)).toEqual(
      [before, together, emptied].map(({ length }) => [length]),
    );
    expect(batched.map(({ figures }) => figures)).toEqual(single.map(({ figures }) => figures));
    expect(batched.slice(0, 2).map(({ endings }) => endings)).toEqual(
      single.slice(0, 2).map(({ endings }) => endings),
    );
    expect(batched[2]?.endings).toMatchObject([
      { result: { action: 'none', reason: 'its table was truncated later' } },
      { result: { action: 'items_removed', items: 4 } },
      { result: { action: 'item_added', product_id: 3 } },
      { result: { action: 'item_added', item_id: 11 } },
    ]);
  });

  it('counts once when every try fails after it first', async () => {
    await using failing = await WorkerWorld.create(servers, 'analytics_failing', {
      queues: QUEUES,
      schema: shopSchemaSql,
    });
    failing.start(failingAfterFirstTry(analyticsWorker()));
    const [first, second] = [item(1), item(1, { quantity: 3 })];
    const rows = { before: first, after: second };
    const endings = [
      await failing.process('order_items', failing.change('insert', 'order_items', { after: first })),
      await failing.process('order_items', failing.change('insert', 'order_items', { after: item(2) })),
      await failing.process('order_items', failing.change('update', 'order_items', rows)),
      await failing.process('order_items', failing.change('delete', 'order_items', { before: item(2) })),
    ];
    expect(endings).toMatchObject(endings.map(() => ({ state: 'completed', tries: 2 })));
    expect(await analytics(1, failing)).toMatchObject([{ quantity: 3, revenue: '59.97', orders: 1 }]);
  });
});
