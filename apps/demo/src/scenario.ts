import { setTimeout as delay } from 'node:timers/promises';
import { WalmqError } from '@walmq/change';
import type pg from 'pg';
import { until } from './until.js';

/** The rows the scenario made, by what became of them. */
export interface Story {
  readonly shipped: Order;
  readonly cancelled: Order;
  readonly deleted: Order;
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
]);
export const LOW_STOCK = 3;

const RESERVED_TIMEOUT_MS = 30_000;
/** Between two steps, so that a reader can follow; nothing depends on it. */
const PACE_MS = 300;

/**
 * A shop's day, as plain SQL and nothing else: what follows from it is the workers' business. Each order waits
 * for its stock to be reserved before it goes on, as a shop would. Throws DEMO_NOT_RESERVED.
 */
export async function playScenario(options: ScenarioOptions): Promise<Story> {
  await fillShelves(options);
  return {
    shipped: await shipOrder(options),
    cancelled: await cancelOrder(options),
    deleted: await deleteOrder(options),
  };
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
  const order = await placeOrder(options, { productId: 2, quantity: 5, price: '20.00', total: '100.00' });
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

async function placeOrder(
  options: ScenarioOptions,
  wanted: { productId: number; quantity: number; price: string; total: string },
): Promise<Order> {
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

/** Waits until the inventory-worker has taken the order's quantity off the shelf. */
async function reserved({ pool, signal }: ScenarioOptions, order: Order): Promise<void> {
  const expected = (STOCK.get(order.productId) ?? 0) - order.quantity;
  const isReserved = async () => (await stockOf(pool, order.productId)) === expected;
  if (await until(isReserved, { timeoutMs: RESERVED_TIMEOUT_MS, signal })) return;
  throw new WalmqError(
    'DEMO_NOT_RESERVED',
    `the stock of product ${order.productId} did not come down to ${expected} for order ${order.orderId}.`,
    { remedy: 'See the lines of inventory-worker above, and the queue "reservations" in Bull Board.' },
  );
}

export async function stockOf(pool: pg.Pool, productId: number): Promise<number | undefined> {
  const { rows } = await pool.query<{ stock_quantity: number }>(
    'SELECT stock_quantity FROM inventory WHERE product_id = $1',
    [productId],
  );
  return rows[0]?.stock_quantity;
}

/** Runs and shows one statement. Resolves to the id it returned, or 0. */
async function step({ pool, print, signal }: ScenarioOptions, sql: string, shown = sql): Promise<number> {
  await delay(PACE_MS, undefined, { signal });
  print(`→ ${shown}`);
  const { rows } = await pool.query<{ id: number }>(sql);
  return rows[0]?.id ?? 0;
}
