import { setTimeout as delay } from 'node:timers/promises';
import { until } from '@walmq/supervise';
import type pg from 'pg';
import { DemoError } from './demo-error.js';

/** The rows of the scenario, by their outcome. */
export interface Story {
  readonly shipped: Order;
  readonly cancelled: Order;
  readonly deleted: Order;
  /** An order that waited for stock, which then arrived. */
  readonly waited: Order;
}

export interface Order {
  readonly orderId: number;
  readonly itemId: number;
  readonly productId: number;
  readonly quantity: number;
}

export interface ScenarioOptions {
  readonly pool: pg.Pool;
  readonly print: (line: string) => void;
  readonly signal: AbortSignal;
}

export const CUSTOMER = 'customer@example.com';
export const STOCK = new Map([
  [1, 100],
  [2, 50],
  [3, 25],
  [4, 6],
]);
/** The stock of product 4 after the refill, while an order waits for it. */
export const RESTOCKED = 20;
export const PRODUCTS = new Map([
  [1, 'Blue mug'],
  [2, 'Green tea, 250 g'],
  [3, 'Tea strainer'],
  [4, 'Teapot'],
]);
export const LOW_STOCK = 3;

const RESERVED_TIMEOUT_MS = 30_000;
/** Pause between two steps for the reader; nothing depends on it. */
const PACE_MS = 300;

/**
 * A day of the shop as plain SQL; the workers cause everything else. Each order waits until its stock is
 * reserved before it goes on, as in a shop. Throws DEMO_NOT_RESERVED.
 */
export async function playScenario(options: ScenarioOptions): Promise<Story> {
  await nameProducts(options);
  await fillShelves(options);
  return {
    shipped: await shipOrder(options),
    cancelled: await cancelOrder(options),
    deleted: await deleteOrder(options),
    waited: await waitForStock(options),
  };
}

async function nameProducts(options: ScenarioOptions): Promise<void> {
  const rows = [...PRODUCTS].map(([product, name]) => `(${product}, '${name}')`).join(', ');
  await step(
    options,
    `INSERT INTO shop.products (product_id, name) VALUES ${rows}
     ON CONFLICT (product_id) DO UPDATE SET name = excluded.name`,
    `shop.products: ${rows}`,
  );
}

async function fillShelves(options: ScenarioOptions): Promise<void> {
  const rows = [...STOCK].map(([product, stock]) => `(${product}, ${stock})`).join(', ');
  await step(
    options,
    `INSERT INTO inventory (product_id, stock_quantity) VALUES ${rows}
     ON CONFLICT (product_id) DO UPDATE SET stock_quantity = excluded.stock_quantity`,
    `inventory: ${rows}`,
  );
}

async function shipOrder(options: ScenarioOptions): Promise<Order> {
  const order = await placeOrder(options, { productId: 1, quantity: 2, price: '49.99', total: '99.99' });
  await setStatus(options, order, 'paid');
  await setStatus(options, order, 'shipped');
  await reserved(options, order);
  await step(
    options,
    `UPDATE inventory SET stock_quantity = ${LOW_STOCK} WHERE product_id = ${order.productId}`,
  );
  return order;
}

async function cancelOrder(options: ScenarioOptions): Promise<Order> {
  const order = await placeOrderAtOnce(options, {
    productId: 2,
    quantity: 5,
    price: '20.00',
    total: '100.00',
  });
  await reserved(options, order);
  await setStatus(options, order, 'cancelled');
  return order;
}

async function deleteOrder(options: ScenarioOptions): Promise<Order> {
  const order = await placeOrder(options, { productId: 3, quantity: 4, price: '10.00', total: '40.00' });
  await reserved(options, order);
  await step(options, `DELETE FROM order_items WHERE order_id = ${order.orderId}`);
  await step(options, `DELETE FROM orders WHERE id = ${order.orderId}`);
  return order;
}

/** More than the stock: the order waits, and gets its items after the refill. */
async function waitForStock(options: ScenarioOptions): Promise<Order> {
  const { pool } = options;
  const order = await placeOrderAtOnce(options, {
    productId: 4,
    quantity: 8,
    price: '35.00',
    total: '280.00',
  });
  const isWaiting = async () =>
    (await pool.query('SELECT FROM shop.back_orders WHERE order_item_id = $1', [order.itemId])).rowCount ===
    1;
  await comesTrue(options, isWaiting, `order ${order.orderId} did not go on back-order`);
  await step(
    options,
    `UPDATE inventory SET stock_quantity = ${RESTOCKED} WHERE product_id = ${order.productId}`,
  );
  return order;
}

interface Wanted {
  readonly productId: number;
  readonly quantity: number;
  readonly price: string;
  readonly total: string;
}

/** An order and its item in one transaction, as in a shop: the confirmation mail lists the item. */
async function placeOrderAtOnce(options: ScenarioOptions, wanted: Wanted): Promise<Order> {
  const client = await options.pool.connect();
  try {
    const inTransaction = { ...options, pool: client };
    await step(inTransaction, 'BEGIN');
    const order = await placeOrder(inTransaction, wanted);
    await step(inTransaction, 'COMMIT');
    return order;
  } finally {
    // Closing the connection rolls back what was not committed.
    client.release(true);
  }
}

async function placeOrder(options: StepOptions, wanted: Wanted): Promise<Order> {
  const { productId, quantity, price, total } = wanted;
  const orderId = await step(
    options,
    `INSERT INTO orders (customer_email, total_amount) VALUES ('${CUSTOMER}', ${total}) RETURNING id`,
  );
  const itemId = await step(
    options,
    `INSERT INTO order_items (order_id, product_id, quantity, price) VALUES (${orderId}, ${productId}, ${quantity}, ${price}) RETURNING id`,
  );
  return { orderId, itemId, productId, quantity };
}

async function setStatus(options: ScenarioOptions, { orderId }: Order, status: string): Promise<void> {
  await step(options, `UPDATE orders SET status = '${status}' WHERE id = ${orderId}`);
}

/** Waits until the inventory-worker has reserved the order's quantity. */
async function reserved(options: ScenarioOptions, order: Order): Promise<void> {
  const { orderId, productId, quantity } = order;
  const expected = (STOCK.get(productId) ?? 0) - quantity;
  const isReserved = async () => (await stockOf(options.pool, productId)) === expected;
  const failure = `the stock of product ${productId} did not come down to ${expected} for order ${orderId}`;
  await comesTrue(options, isReserved, failure);
}

/** Waits for the inventory-worker's result for an order. */
async function comesTrue(
  { signal }: ScenarioOptions,
  holds: () => Promise<boolean>,
  failure: string,
): Promise<void> {
  if (await until(holds, { timeoutMs: RESERVED_TIMEOUT_MS, signal })) return;
  throw new DemoError('DEMO_NOT_RESERVED', `${failure}.`, {
    remedy: 'See the lines of inventory-worker above, and the queue "reservations" in Bull Board.',
  });
}

export async function stockOf(pool: pg.Pool, productId: number): Promise<number | undefined> {
  const { rows } = await pool.query<{ stock_quantity: number }>(
    'SELECT stock_quantity FROM inventory WHERE product_id = $1',
    [productId],
  );
  return rows[0]?.stock_quantity;
}

interface StepOptions extends Omit<ScenarioOptions, 'pool'> {
  readonly pool: pg.Pool | pg.PoolClient;
}

/** Runs and prints one statement. Resolves to the id that it returned, or 0. */
async function step({ pool, print, signal }: StepOptions, sql: string, shown = sql): Promise<number> {
  await delay(PACE_MS, undefined, { signal });
  print(`→ ${shown}`);
  const { rows } = await pool.query<{ id: number }>(sql);
  return rows[0]?.id ?? 0;
}
