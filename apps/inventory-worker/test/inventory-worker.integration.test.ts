import { type Inbox, startInbox } from '@walmq/embedded';
import {
  createMailer,
  type InventoryRow,
  type Mailer,
  type OrderItemRow,
  type OrderRow,
  shopSchemaSql,
} from '@walmq/shop';
import { type Servers, startServers, stopServers } from '@walmq/testing';
import { failingAfterFirstTry, WorkerWorld } from '@walmq/worker/fixture';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inventoryWorker, reservationsWorker } from '../src/inventory-worker.js';

const TEAM = 'inventory-team@example.com';
const QUEUES = {
  inventory: { table: 'inventory' },
  reservations: {
    tables: {
      orders: { orderBy: 'id', operations: ['update', 'delete'] as ('update' | 'delete')[] },
      order_items: { orderBy: 'order_id' },
    },
    concurrency: 20,
  },
};

function item(id: number, fields: Partial<OrderItemRow> = {}): OrderItemRow {
  return { id, order_id: id, product_id: id, quantity: 1, price: '1.00', ...fields };
}

function order(id: number, status: string): OrderRow {
  return {
    id,
    status,
    customer_email: 'customer@example.com',
    total_amount: '1.00',
    created_at: null,
    updated_at: null,
  };
}

function shelf(product_id: number, stock_quantity: number, low_stock_threshold = 5): InventoryRow {
  return { product_id, stock_quantity, low_stock_threshold, updated_at: null };
}

describe('inventory-worker', () => {
  let servers: Servers;
  let inbox: Inbox;
  let mailer: Mailer;
  beforeAll(async () => {
    [servers, inbox] = await Promise.all([startServers(), startInbox()]);
    mailer = createMailer({ smtpUrl: inbox.smtpUrl, from: 'shop@example.com' });
  });
  afterAll(async () => {
    mailer.close();
    await Promise.all([inbox.stop(), stopServers(servers)]);
  });

  const create = (name: string) =>
    WorkerWorld.create(servers, name, { queues: QUEUES, schema: shopSchemaSql });
  const stockOf = async (world: WorkerWorld, productId: number) =>
    (
      await world.rows<{ stock_quantity: number }>(
        'SELECT stock_quantity FROM inventory WHERE product_id = $1',
        [productId],
      )
    )[0]?.stock_quantity;
  const reservation = async (world: WorkerWorld, itemId: number) =>
    (
      await world.rows(
        'SELECT state, reason, quantity, product_id FROM shop.reservations WHERE order_item_id = $1',
        [itemId],
      )
    )[0];
  const backOrder = async (world: WorkerWorld, itemId: number) =>
    (await world.rows('SELECT state, quantity FROM shop.back_orders WHERE order_item_id = $1', [itemId]))[0];

  describe('reservations', () => {
    let world: WorkerWorld;
    beforeAll(async () => {
      world = await create('reservations');
      world.start(reservationsWorker());
      await world.pool.query(
        'INSERT INTO inventory (product_id, stock_quantity) SELECT product_id, 10 FROM generate_series(1, 30) AS product_id',
      );
    });
    afterAll(async () => {
      await world?.[Symbol.asyncDispose]();
    });
    const inserted = (row: OrderItemRow) => world.change('insert', 'order_items', { after: row });
    const updated = (before: OrderItemRow, after: OrderItemRow) =>
      world.change('update', 'order_items', { before, after });

    it('reserves an item once, however often its change comes', async () => {
      const change = inserted(item(1, { quantity: 3 }));
      const result = {
        action: 'stock_reserved',
        item_id: 1,
        order_id: 1,
        product_id: 1,
        quantity: 3,
        stock_left: 7,
      };
      expect(await world.process('reservations', change)).toEqual({ state: 'completed', result, tries: 1 });
      expect(await world.process('reservations', change, { jobId: 'again-1' })).toMatchObject({ result });
      expect(await stockOf(world, 1)).toBe(7);
      expect(await reservation(world, 1)).toMatchObject({ state: 'reserved', quantity: 3 });
    });

    it.each([
      [2, 11],
      [999, 1],
    ])('back-orders item of product %i, of which %i is more than there is', async (productId, quantity) => {
      const change = inserted(item(productId, { quantity }));
      const result = { action: 'back_ordered', item_id: productId, quantity, reason: 'not enough stock' };
      expect(await world.process('reservations', change)).toMatchObject({ state: 'completed', result });
      await world.process('reservations', change, { jobId: `again-${productId}` });
      expect(await stockOf(world, productId)).toBe(productId === 999 ? undefined : 10);
      expect(await backOrder(world, productId)).toEqual({ state: 'open', quantity });
      expect(await reservation(world, productId)).toBeUndefined();
    });

    it('does not miss stock that comes in while it looks', async () => {
      const client = await world.pool.connect();
      await client.query('BEGIN');
      await client.query('UPDATE inventory SET stock_quantity = 20 WHERE product_id = 14');
      const job = await world.add('reservations', inserted(item(14, { quantity: 15 })));
      const waiting = () =>
        world.rows(
          `SELECT FROM pg_stat_activity
            WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%FROM inventory%'`,
        );
      await expect.poll(waiting).toHaveLength(1);
      await client.query('COMMIT');
      client.release();
      expect(await world.ending('reservations', job)).toMatchObject({
        result: { action: 'stock_reserved', stock_left: 5 },
      });
    });

    it('keeps nothing for a truncated table, and all for the rows whose ids come again', async () => {
      await using emptied = await create('emptied');
      emptied.start(reservationsWorker());
      await emptied.rows('INSERT INTO inventory (product_id, stock_quantity) VALUES (1, 100)');
      const insert = (id: number, quantity: number) =>
        emptied.change('insert', 'order_items', { after: item(id, { product_id: 1, quantity }) });
      const [first, second, waiting, late] = [insert(1, 3), insert(2, 4), insert(3, 500), insert(4, 5)];
      for (const change of [first, second, waiting]) await emptied.process('reservations', change);
      const truncate = emptied.change('truncate', 'order_items', {});
      const again = [insert(1, 7), insert(3, 9)];
      // A truncate is not ordered: of the ids that come again, one is back before it, one after.
      const early = await emptied.process('reservations', again[0]!);
      expect(early).toMatchObject({ result: { action: 'stock_reserved', stock_left: 89 } });
      const result = { action: 'all_stock_released', items: 1, units: 4, back_orders: 1 };
      expect(await emptied.process('reservations', truncate)).toMatchObject({ state: 'completed', result });
      await emptied.process('reservations', again[1]!);
      // Inserted before the truncate, processed after it; and an update of such a row.
      const late1 = await emptied.process('reservations', late);
      expect(late1).toMatchObject({ result: { reason: 'its table was truncated later' } });
      expect(await stockOf(emptied, 1)).toBe(100 - 7 - 9);
      expect(await backOrder(emptied, 3)).toBeUndefined();
      const grown = emptied.change('update', 'order_items', {
        before: item(3, { product_id: 1, quantity: 9 }),
        after: item(3, { product_id: 1, quantity: 10 }),
      });
      expect(await emptied.process('reservations', grown)).toMatchObject({
        result: { action: 'stock_reserved' },
      });
      expect(await stockOf(emptied, 1)).toBe(100 - 7 - 10);
    });

    it('takes an id that comes again for another item, also when it overtakes the deletion', async () => {
      const [old, fresh] = [item(21, { quantity: 3 }), item(21, { order_id: 210, quantity: 2 })];
      await world.process('reservations', inserted(old));
      const deletion = world.change('delete', 'order_items', { before: old });
      await world.process('reservations', inserted(fresh));
      expect(await stockOf(world, 21)).toBe(8);
      expect(await world.process('reservations', deletion)).toMatchObject({
        result: { action: 'reservation_unchanged', reason: 'nothing was reserved' },
      });
      expect(await stockOf(world, 21)).toBe(8);
      expect(await reservation(world, 21)).toMatchObject({ state: 'reserved', quantity: 2 });
    });

    it('says that nothing is released where the product is gone', async () => {
      const items = [
        item(22, { order_id: 22, quantity: 2 }),
        item(23, { order_id: 22, product_id: 22, quantity: 1 }),
        item(24, { order_id: 22, quantity: 1 }),
      ];
      for (const row of items) await world.process('reservations', inserted(row));
      await world.rows('DELETE FROM inventory WHERE product_id = 22');
      const cancelled = (id: number) =>
        world.change('update', 'orders', { before: order(id, 'paid'), after: order(id, 'cancelled') });
      expect(await world.process('reservations', cancelled(22))).toMatchObject({
        result: {
          action: 'stock_released',
          released: [{ item_id: 24 }],
          not_released: [{ item_id: 22, quantity: 2 }, { item_id: 23 }],
          reason: 'no such product in inventory',
        },
      });
      await world.process('reservations', inserted(item(25, { quantity: 2 })));
      await world.rows('DELETE FROM inventory WHERE product_id = 25');
      expect(await world.process('reservations', cancelled(25))).toMatchObject({
        result: { action: 'reservation_closed', not_released: [{ item_id: 25, quantity: 2 }] },
      });
    });

    it.each([
      [26, 4, 'stock_reserved', 6],
      [27, 400, 'back_ordered', 10],
    ])(
      'reserves item %i anew when it moves from a cancelled order to a live one',
      async (id, quantity, action, left) => {
        const before = item(id, { quantity });
        const after = { ...before, order_id: id * 10 };
        await world.process('reservations', inserted(before));
        const cancel = world.change('update', 'orders', {
          before: order(id, 'paid'),
          after: order(id, 'cancelled'),
        });
        await world.process('reservations', cancel);
        expect(await world.process('reservations', updated(before, after))).toMatchObject({
          result: { action },
        });
        expect(await stockOf(world, id)).toBe(left);
        // Within the new order, an update finds what is kept for it; cancelled too, it reserves nothing more.
        const same = updated(after, { ...after, price: '2.00' });
        expect(await world.process('reservations', same)).toMatchObject({
          result: { action: 'reservation_unchanged' },
        });
        await world.process(
          'reservations',
          world.change('update', 'orders', {
            before: order(id * 10, 'paid'),
            after: order(id * 10, 'cancelled'),
          }),
        );
        const more = updated(after, { ...after, quantity: quantity - 1 });
        expect(await world.process('reservations', more)).toMatchObject({
          result: { action: 'reservation_unchanged' },
        });
        expect(await stockOf(world, id)).toBe(10);
      },
    );

    it('gives back what a deleted item had, once', async () => {
      await world.process('reservations', inserted(item(3, { quantity: 4 })));
      const change = world.change('delete', 'order_items', { before: item(3, { quantity: 4 }) });
      const result = {
        action: 'stock_released',
        item_id: 3,
        order_id: 3,
        released: [{ item_id: 3, product_id: 3, quantity: 4 }],
      };
      expect(await world.process('reservations', change)).toMatchObject({ result });
      await world.process('reservations', change, { jobId: 'again-3' });
      expect(await stockOf(world, 3)).toBe(10);
      expect(await reservation(world, 3)).toMatchObject({ state: 'released', reason: 'item deleted' });
    });

    it('gives back all that a cancelled order still has, and nothing again when it is deleted', async () => {
      const ofOrder = [item(40, { product_id: 4 }), item(41, { product_id: 5, quantity: 2 })].map(row => ({
        ...row,
        order_id: 40,
      }));
      for (const row of [...ofOrder, item(42, { order_id: 40, product_id: 999 })])
        await world.process('reservations', inserted(row));
      await world.process('reservations', world.change('delete', 'order_items', { before: ofOrder[0]! }));
      const cancelled = world.change('update', 'orders', {
        before: order(40, 'pending'),
        after: order(40, 'cancelled'),
      });
      expect(await world.process('reservations', cancelled)).toMatchObject({
        result: {
          action: 'stock_released',
          released: [{ item_id: 41, product_id: 5, quantity: 2 }],
        },
      });
      await world.process('reservations', cancelled, { jobId: 'again-40' });
      const deleted = world.change('delete', 'orders', { before: order(40, 'cancelled') });
      expect(await world.process('reservations', deleted)).toMatchObject({
        result: { action: 'reservation_unchanged' },
      });
      expect([await stockOf(world, 4), await stockOf(world, 5)]).toEqual([10, 10]);
      expect(await backOrder(world, 42)).toMatchObject({ state: 'closed' });
    });

    it('gives back what a deleted order still has', async () => {
      await world.process('reservations', inserted(item(6, { quantity: 2 })));
      const deleted = world.change('delete', 'orders', { before: order(6, 'pending') });
      expect(await world.process('reservations', deleted)).toMatchObject({
        result: { action: 'stock_released', order_id: 6 },
      });
      expect(await stockOf(world, 6)).toBe(10);
    });

    it.each(['pending', 'paid', 'shipped'])('leaves the stock of an order that becomes %s', async status => {
      const change = world.change('update', 'orders', { before: order(1, 'new'), after: order(1, status) });
      expect(await world.process('reservations', change)).toMatchObject({
        result: { action: 'reservation_unchanged', order_id: 1, status },
      });
      expect(await stockOf(world, 1)).toBe(7);
    });

    it('follows an item through its changes of quantity and product', async () => {
      const states = [
        item(7, { quantity: 4 }),
        item(7, { quantity: 6 }),
        item(7, { quantity: 1 }),
        item(7, { quantity: 1, product_id: 8 }),
        item(7, { quantity: 11, product_id: 8 }),
        item(7, { quantity: 2, product_id: 8 }),
        item(7, { quantity: 0, product_id: 8 }),
        item(7, { quantity: 3, product_id: 7 }),
      ];
      const seen: unknown[] = [];
      for (const [step, after] of states.entries()) {
        const change = step === 0 ? inserted(after) : updated(states[step - 1]!, after);
        const ending = await world.process('reservations', change);
        await world.process('reservations', change, { jobId: `again-7-${step}` });
        const { action } = (ending.state === 'completed' ? ending.result : {}) as { action?: string };
        seen.push([action, await stockOf(world, 7), await stockOf(world, 8)]);
      }
      expect(seen).toEqual([
        ['stock_reserved', 6, 10],
        ['stock_reserved', 4, 10],
        ['stock_reserved', 9, 10],
        ['stock_reserved', 10, 9],
        ['back_ordered', 10, 10],
        ['stock_reserved', 10, 8],
        ['reservation_unchanged', 10, 10],
        ['stock_reserved', 7, 10],
      ]);
      expect(await backOrder(world, 7)).toMatchObject({ state: 'closed' });
    });

    it('does not touch the stock when an update leaves quantity and product', async () => {
      await world.process('reservations', inserted(item(9)));
      const { rows } = await world.pool.query('SELECT updated_at FROM inventory WHERE product_id = 9');
      const change = updated(item(9), item(9, { price: '2.00' }));
      expect(await world.process('reservations', change)).toMatchObject({
        result: { action: 'reservation_unchanged', item_id: 9 },
      });
      expect((await world.pool.query('SELECT updated_at FROM inventory WHERE product_id = 9')).rows).toEqual(
        rows,
      );
    });

    it('moves a reservation to the order its item moves to', async () => {
      await world.process('reservations', inserted(item(10)));
      await world.process('reservations', updated(item(10), item(10, { order_id: 11 })));
      expect(await stockOf(world, 10)).toBe(9);
      const cancelled = world.change('update', 'orders', {
        before: order(11, 'pending'),
        after: order(11, 'cancelled'),
      });
      await world.process('reservations', cancelled);
      expect(await stockOf(world, 10)).toBe(10);
    });

    it('does not reserve again for an item of a cancelled order', async () => {
      await world.process('reservations', inserted(item(12)));
      const cancelled = world.change('update', 'orders', {
        before: order(12, 'pending'),
        after: order(12, 'cancelled'),
      });
      await world.process('reservations', cancelled);
      await world.process('reservations', updated(item(12), item(12, { quantity: 5 })));
      expect(await stockOf(world, 12)).toBe(10);
    });

    it('reserves nothing for a quantity that is not positive', async () => {
      expect(await world.process('reservations', inserted(item(13, { quantity: -2 })))).toMatchObject({
        result: { action: 'reservation_unchanged', reason: 'nothing to reserve' },
      });
      expect(await stockOf(world, 13)).toBe(10);
    });
  });

  it('never oversells the last units to concurrent orders', async () => {
    let run = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.nat({ max: 30 }),
        fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 25 }),
        async (stock, quantities) => {
          await using world = await create(`last_units_${run++}`);
          await world.pool.query('INSERT INTO inventory (product_id, stock_quantity) VALUES (1, $1)', [
            stock,
          ]);
          // Two processes' worth of workers on one queue.
          for (let n = 0; n < 2; n++) world.start(reservationsWorker());
          const changes = quantities.map((quantity, n) =>
            world.change('insert', 'order_items', { after: item(n + 1, { product_id: 1, quantity }) }),
          );
          const jobs = await Promise.all(changes.map(change => world.add('reservations', change)));
          for (const job of jobs)
            expect(await world.ending('reservations', job)).toMatchObject({ state: 'completed' });
          const [kept] = await world.rows<{ reserved: number; items: number; short: number }>(
            `SELECT (SELECT coalesce(sum(quantity), 0)::int FROM shop.reservations) AS reserved,
                    (SELECT count(*)::int FROM shop.reservations) + (SELECT count(*)::int FROM shop.back_orders) AS items,
                    (SELECT coalesce(min(quantity), 1000)::int FROM shop.back_orders) AS short`,
          );
          const left = (await stockOf(world, 1)) as number;
          expect(left).toBeGreaterThanOrEqual(0);
          expect(kept?.reserved).toBe(stock - left);
          expect(kept?.items).toBe(quantities.length);
          // Nobody went without what was there for the taking.
          expect(kept?.short).toBeGreaterThan(left);
        },
      ),
      { numRuns: 8 },
    );
  });

  it('makes each effect once when every try fails after it first', async () => {
    await using world = await create('failing');
    world.start(failingAfterFirstTry(reservationsWorker()));
    world.start(failingAfterFirstTry(inventoryWorker({ mailer, team: TEAM })));
    await world.pool.query('INSERT INTO inventory (product_id, stock_quantity) VALUES (1, 10), (2, 10)');
    const before = item(1, { quantity: 4 });
    const after = item(1, { quantity: 3, product_id: 2 });
    const endings = [
      await world.process('reservations', world.change('insert', 'order_items', { after: before })),
      await world.process('reservations', world.change('update', 'order_items', { before, after })),
    ];
    expect([await stockOf(world, 1), await stockOf(world, 2)]).toEqual([10, 7]);
    const crossing = { before: shelf(77, 6), after: shelf(77, 5) };
    endings.push(
      await world.process('reservations', world.change('delete', 'order_items', { before: after })),
      await world.process('inventory', world.change('update', 'inventory', crossing)),
    );
    expect(endings).toMatchObject(endings.map(() => ({ state: 'completed', tries: 2 })));
    expect([await stockOf(world, 1), await stockOf(world, 2)]).toEqual([10, 10]);
    expect(await world.rows('SELECT product_id FROM shop.low_stock_alerts')).toEqual([{ product_id: 77 }]);
    expect(inbox.mails().filter(({ subject }) => subject === 'Low stock: product 77')).toHaveLength(1);
  });

  describe('low stock', () => {
    let world: WorkerWorld;
    beforeAll(async () => {
      world = await create('low_stock');
      world.start(inventoryWorker({ mailer, team: TEAM }));
    });
    afterAll(async () => {
      await world?.[Symbol.asyncDispose]();
    });
    const alerts = (productId: number) =>
      world.rows(
        'SELECT stock_quantity, low_stock_threshold FROM shop.low_stock_alerts WHERE product_id = $1',
        [productId],
      );
    const mails = (productId: number) =>
      inbox.mails().filter(({ subject }) => subject === `Low stock: product ${productId}`);

    it('alerts once when the stock falls to the threshold, with a row and a mail to the team', async () => {
      const change = world.change('update', 'inventory', { before: shelf(1, 10), after: shelf(1, 3) });
      const result = {
        action: 'inventory_updated',
        product_id: 1,
        old_stock: 10,
        new_stock: 3,
        low_stock_alert: true,
      };
      expect(await world.process('inventory', change)).toEqual({ state: 'completed', result, tries: 1 });
      expect(await world.process('inventory', change, { jobId: 'again-1' })).toMatchObject({ result });
      expect(await alerts(1)).toEqual([{ stock_quantity: 3, low_stock_threshold: 5 }]);
      expect(mails(1)).toMatchObject([{ to: [TEAM], text: expect.stringContaining('down to 3') as string }]);
    });

    it('is silent while the stock stays low, and alerts again after it was up', async () => {
      const stocks = [6, 5, 4, 0, 20, 2];
      for (const [step, stock] of stocks.slice(1).entries())
        await world.process(
          'inventory',
          world.change('update', 'inventory', {
            before: shelf(2, stocks[step] as number),
            after: shelf(2, stock),
          }),
        );
      expect(await alerts(2)).toHaveLength(2);
      expect(mails(2)).toHaveLength(2);
    });

    it('reports a change of stock that needs no alert', async () => {
      const change = world.change('update', 'inventory', { before: shelf(3, 10), after: shelf(3, 9) });
      expect(await world.process('inventory', change)).toEqual({
        state: 'completed',
        tries: 1,
        result: { action: 'inventory_updated', product_id: 3, old_stock: 10, new_stock: 9 },
      });
      expect(await alerts(3)).toEqual([]);
    });

    it('alerts for a product that is low from the start', async () => {
      expect(
        await world.process('inventory', world.change('insert', 'inventory', { after: shelf(4, 5) })),
      ).toMatchObject({
        result: { action: 'inventory_added', product_id: 4, stock: 5, low_stock_alert: true },
      });
      expect(await alerts(4)).toHaveLength(1);
    });

    it('fills back-orders, oldest first, from stock that comes in, once for every delivery', async () => {
      world.start(reservationsWorker());
      await world.pool.query('INSERT INTO inventory (product_id, stock_quantity) VALUES (5, 1)');
      for (const [id, quantity] of [
        [51, 30],
        [52, 4],
        [53, 5],
        [54, 3],
      ] as const) {
        const after = item(id, { product_id: 5, quantity });
        await world.process('reservations', world.change('insert', 'order_items', { after }));
      }
      await world.pool.query('UPDATE inventory SET stock_quantity = 10 WHERE product_id = 5');
      const change = world.change('update', 'inventory', { before: shelf(5, 1), after: shelf(5, 10) });
      const result = {
        action: 'inventory_updated',
        product_id: 5,
        old_stock: 1,
        new_stock: 10,
        back_orders_filled: [
          { item_id: 52, order_id: 52, quantity: 4 },
          { item_id: 53, order_id: 53, quantity: 5 },
        ],
      };
      expect(await world.process('inventory', change)).toEqual({ state: 'completed', result, tries: 1 });
      await world.process('inventory', change, { jobId: 'again-5' });
      expect(await stockOf(world, 5)).toBe(1);
      expect(await backOrder(world, 51)).toMatchObject({ state: 'open' });
      expect(await backOrder(world, 52)).toBeUndefined();
      expect(await reservation(world, 52)).toMatchObject({ state: 'reserved', reason: 'back-order filled' });
      // What was filled follows its item and its order as any reservation does.
      const [before, after] = [2, 1].map(n => item(52, { product_id: 5, quantity: n * 2 })) as [
        OrderItemRow,
        OrderItemRow,
      ];
      await world.process('reservations', world.change('update', 'order_items', { before, after }));
      expect(await stockOf(world, 5)).toBe(3);
      await world.process('reservations', world.change('delete', 'orders', { before: order(52, 'pending') }));
      expect(await stockOf(world, 5)).toBe(5);
    });

    it('reports a product that is gone', async () => {
      const change = world.change('delete', 'inventory', { before: shelf(4, 5) });
      expect(await world.process('inventory', change)).toMatchObject({
        result: { action: 'inventory_removed', product_id: 4 },
      });
    });
  });
});
