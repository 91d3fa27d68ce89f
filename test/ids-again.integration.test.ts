import { type Inbox, startInbox } from '@walmq/embedded';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningSystem, startSystem } from './system-fixture.js';

const WAIT = { timeout: 60_000 };

describe('a shop that begins anew', () => {
  let inbox: Inbox;
  let system: RunningSystem;
  let client: Client;
  beforeAll(async () => {
    inbox = await startInbox();
    system = await startSystem(['capture', 'order-worker', 'inventory-worker', 'analytics-worker'], {
      env: { SMTP_URL: inbox.smtpUrl },
    });
    client = new Client({ connectionString: system.databaseUrl });
    await client.connect();
    await client.query('INSERT INTO inventory (product_id, stock_quantity) VALUES (1, 100)');
  });
  afterAll(async () => {
    await client?.end();
    await system?.stop();
    await inbox?.stop();
  });

  const order = async (quantity: number) => {
    await client.query(
      `WITH placed AS (INSERT INTO orders (customer_email, total_amount) VALUES ('a@example.com', 1) RETURNING id)
       INSERT INTO order_items (order_id, product_id, quantity, price) SELECT id, 1, ${quantity}, 1 FROM placed`,
    );
    await client.query("UPDATE orders SET status = 'paid'");
  };
  const standing = async () => {
    const { rows } = await client.query<object>(
      `SELECT (SELECT stock_quantity FROM inventory WHERE product_id = 1) AS stock,
              (SELECT quantity::int FROM shop.product_analytics WHERE product_id = 1) AS sold,
              (SELECT orders::int FROM shop.product_analytics WHERE product_id = 1) AS orders,
              (SELECT count(*)::int FROM shop.fulfilment_requests WHERE order_id = 1) AS fulfilments`,
    );
    return rows[0];
  };

  it('keeps no stock of its former orders, and has every effect for those whose ids come again', async () => {
    await order(3);
    await expect.poll(standing, WAIT).toEqual({ stock: 97, sold: 3, orders: 1, fulfilments: 1 });
    await client.query('TRUNCATE orders, order_items RESTART IDENTITY');
    await expect.poll(standing, WAIT).toEqual({ stock: 100, sold: 0, orders: 0, fulfilments: 1 });
    await order(5);
    await expect.poll(standing, WAIT).toEqual({ stock: 95, sold: 5, orders: 1, fulfilments: 2 });
    // At once, so that the truncate and what follows it are worked off in any order.
    await client.query('TRUNCATE orders, order_items RESTART IDENTITY');
    await order(7);
    await expect.poll(standing, WAIT).toEqual({ stock: 93, sold: 7, orders: 1, fulfilments: 3 });
    await client.query('DELETE FROM order_items');
    await client.query('DELETE FROM orders');
    await client.query('ALTER SEQUENCE orders_id_seq RESTART');
    await order(9);
    await expect.poll(standing, WAIT).toEqual({ stock: 91, sold: 9, orders: 1, fulfilments: 4 });
    const confirmed = () => inbox.mails().filter(({ subject }) => subject === 'Order 1 confirmed').length;
    await expect.poll(confirmed, WAIT).toBe(4);
  });
});
