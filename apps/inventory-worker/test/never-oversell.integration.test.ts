import type { Change } from '@walmq/change';
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
import { WorkerWorld } from '@walmq/worker/fixture';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inventoryWorker, reservationsWorker } from '../src/inventory-worker.js';

const PRODUCTS = [1, 2, 3];
const QUEUES = {
  inventory: { table: 'inventory', concurrency: 4 },
  reservations: { tables: ['orders', 'order_items'], concurrency: 20 },
};

/** What a customer or a clerk does with an order. Items are picked by number, over all the order has had. */
type Step =
  | { readonly kind: 'add'; readonly product: number; readonly quantity: number }
  | { readonly kind: 'change'; readonly pick: number; readonly product: number; readonly quantity: number }
  | { readonly kind: 'remove'; readonly pick: number }
  | { readonly kind: 'cancel' };

const product = fc.constantFrom(...PRODUCTS);
const pick = fc.nat({ max: 3 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('add'), product, quantity: fc.integer({ min: 1, max: 5 }) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('change'), pick, product, quantity: fc.nat({ max: 5 }) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('remove'), pick }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('cancel') }) },
);

/** An item as it should stand in the end. */
interface Expected {
  readonly item: OrderItemRow;
  /** Removed, or in an order when that was cancelled: nothing is kept for it, ever again. */
  readonly withdrawn: boolean;
  readonly removed: boolean;
}

/** The changes that an order's steps commit, in their order, and what becomes of its items. */
function play(world: WorkerWorld, orderId: number, steps: readonly Step[]) {
  const changes: Change<OrderItemRow | OrderRow>[] = [];
  const items: Expected[] = [];
  let status = 'pending';
  for (const step of steps) {
    if (step.kind === 'add') {
      const after = itemOf(orderId * 100 + items.length, orderId, step);
      items.push({ item: after, withdrawn: false, removed: false });
      changes.push(world.change<OrderItemRow | OrderRow>('insert', 'order_items', { after }));
    } else if (step.kind === 'cancel') {
      const before = orderOf(orderId, status);
      status = 'cancelled';
      for (const [n, one] of items.entries())
        items[n] = { ...one, withdrawn: one.withdrawn || one.item.quantity > 0 };
      changes.push(
        world.change<OrderItemRow | OrderRow>('update', 'orders', {
          before,
          after: orderOf(orderId, status),
        }),
      );
    } else {
      const picked = items[step.pick];
      if (!picked || picked.removed) continue;
      const { item: before } = picked;
      if (step.kind === 'remove') {
        items[step.pick] = { ...picked, withdrawn: true, removed: true };
        changes.push(world.change<OrderItemRow | OrderRow>('delete', 'order_items', { before }));
      } else {
        const after = itemOf(before.id, orderId, step);
        items[step.pick] = { ...picked, item: after };
        changes.push(world.change<OrderItemRow | OrderRow>('update', 'order_items', { before, after }));
      }
    }
  }
  return { changes, items };
}

function itemOf(id: number, order_id: number, wanted: { product: number; quantity: number }): OrderItemRow {
  return { id, order_id, product_id: wanted.product, quantity: wanted.quantity, price: '1.00' };
}

function orderOf(id: number, status: string): OrderRow {
  return {
    id,
    status,
    customer_email: 'customer@example.com',
    total_amount: '1.00',
    created_at: null,
    updated_at: null,
  };
}

describe('stock', () => {
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

  /** A change of the stock as the worker takes it that something has come in; what is there it looks up itself. */
  const moreOf = (world: WorkerWorld, product_id: number) => {
    const shelf = (stock_quantity: number): InventoryRow => ({
      product_id,
      stock_quantity,
      low_stock_threshold: null,
      updated_at: null,
    });
    return world.change('update', 'inventory', { before: shelf(0), after: shelf(1) });
  };

  it('is neither oversold nor lost, whatever orders do at once', async () => {
    let run = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.tuple(fc.nat({ max: 12 }), fc.nat({ max: 12 }), fc.nat({ max: 12 })),
        fc.array(fc.array(step, { minLength: 1, maxLength: 8 }), { minLength: 2, maxLength: 10 }),
        fc.array(product, { maxLength: 6 }),
        async (stocks, orders, incoming) => {
          await using world = await WorkerWorld.create(servers, `stock_${run++}`, {
            queues: QUEUES,
            schema: shopSchemaSql,
          });
          // Checked by PostgreSQL at every moment: a change that broke it would fail.
          await world.pool.query('ALTER TABLE inventory ADD CHECK (stock_quantity >= 0)');
          await world.pool.query(
            `INSERT INTO inventory (product_id, stock_quantity, low_stock_threshold)
             SELECT product_id, stock, NULL FROM unnest($1::int[], $2::int[]) AS shelf (product_id, stock)`,
            [PRODUCTS, stocks],
          );
          for (let n = 0; n < 2; n++) {
            world.start(reservationsWorker());
            world.start(inventoryWorker({ mailer, team: 'team@example.com' }));
          }
          const played = orders.map((steps, n) => play(world, n + 1, steps));
          const jobs = await Promise.all([
            ...played.map(({ changes }) =>
              changes.length > 0 ? world.addInOrder('reservations', changes) : Promise.resolve([]),
            ),
            ...incoming.map(async id => [await world.add('inventory', moreOf(world, id))]),
          ]);
          // Some changes come a second time, at any moment.
          const again = await Promise.all(
            played.flatMap(({ changes: [first] }) =>
              first ? [world.add('reservations', first, { jobId: `again-${first.id}` })] : [],
            ),
          );
          for (const job of [...jobs.flat(), ...again])
            expect(await world.ending(job.queueName, job)).toMatchObject({ state: 'completed' });
          for (const id of PRODUCTS) await world.process('inventory', moreOf(world, id));
          await checkStock(world, stocks);
          await checkItems(
            world,
            played.flatMap(({ items }) => items),
          );
        },
      ),
      { numRuns: 12, endOnFailure: true },
    );
  });
});

async function checkStock(world: WorkerWorld, stocks: readonly number[]): Promise<void> {
  const rows = await world.rows<{ left: number; reserved: number; smallestWaiting: number | null }>(
    `SELECT stock_quantity AS left,
            (SELECT coalesce(sum(quantity), 0)::int FROM shop.reservations r
              WHERE r.product_id = i.product_id AND state = 'reserved') AS reserved,
            (SELECT min(quantity) FROM shop.back_orders b
              WHERE b.product_id = i.product_id AND state = 'open') AS "smallestWaiting"
       FROM inventory i ORDER BY product_id`,
  );
  expect(rows.map(({ left, reserved }) => left + reserved)).toEqual(stocks);
  // Nobody waits for what is there.
  for (const { left, smallestWaiting } of rows) expect(smallestWaiting ?? Infinity).toBeGreaterThan(left);
}

/** Every item has what it asks for reserved or on back-order, all of it and once; a withdrawn one has neither. */
async function checkItems(world: WorkerWorld, items: readonly Expected[]): Promise<void> {
  const kept = await world.rows(
    `SELECT order_item_id AS id, product_id, quantity FROM shop.reservations WHERE state = 'reserved'
     UNION ALL
     SELECT order_item_id, product_id, quantity FROM shop.back_orders WHERE state = 'open' ORDER BY id`,
  );
  const expected = items
    .filter(({ item, withdrawn }) => !withdrawn && item.quantity > 0)
    .map(({ item: { id, product_id, quantity } }) => ({ id, product_id, quantity }));
  expect(kept).toEqual(expected.toSorted((a, b) => a.id - b.id));
}
