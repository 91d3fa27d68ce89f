import { type EmbeddedPostgres, startPostgres } from '@walmq/embedded';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { shopSchemaSql } from '../src/schema.js';

describe("the shop's schema", () => {
  let postgres: EmbeddedPostgres;
  let client: Client;
  beforeAll(async () => {
    postgres = await startPostgres();
    client = new Client(postgres.url);
    await client.connect();
  });
  afterAll(async () => {
    await client.end();
    await postgres.stop();
  });

  it('can be made twice, and keeps what is there', async () => {
    await client.query(shopSchemaSql);
    await client.query("INSERT INTO orders (customer_email) VALUES ('a@example.com')");
    await client.query(shopSchemaSql);
    const { rows } = await client.query('SELECT customer_email, status FROM orders');
    expect(rows).toEqual([{ customer_email: 'a@example.com', status: 'pending' }]);
  });

  it("leaves a view of one's own catalogue in the place of shop.products", async () => {
    await client.query('CREATE DATABASE with_catalogue');
    const url = new URL(postgres.url);
    url.pathname = '/with_catalogue';
    const own = new Client(url.href);
    await own.connect();
    await own.query(
      `CREATE TABLE catalogue (id integer, title text);
       INSERT INTO catalogue VALUES (1, 'Mug');
       CREATE SCHEMA shop;
       CREATE VIEW shop.products AS SELECT id AS product_id, title AS name FROM catalogue`,
    );
    await own.query(shopSchemaSql);
    expect((await own.query('SELECT * FROM shop.products')).rows).toEqual([{ product_id: 1, name: 'Mug' }]);
    await own.end();
  });

  it('has the three tables as the shop knows them, and its own beside them', async () => {
    await client.query(shopSchemaSql);
    const { rows } = await client.query<{ line: string }>(
      `SELECT table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable || ' ' ||
              coalesce(column_default, '-') AS line
         FROM information_schema.columns WHERE table_schema = 'public' ORDER BY table_name, ordinal_position`,
    );
    expect(rows.map(({ line }) => line)).toEqual([
      'inventory.product_id integer NO -',
      'inventory.stock_quantity integer NO 0',
      'inventory.low_stock_threshold integer YES 5',
      'inventory.updated_at timestamp without time zone YES CURRENT_TIMESTAMP',
      "order_items.id integer NO nextval('order_items_id_seq'::regclass)",
      'order_items.order_id integer YES -',
      'order_items.product_id integer NO -',
      'order_items.quantity integer NO -',
      'order_items.price numeric YES -',
      "orders.id integer NO nextval('orders_id_seq'::regclass)",
      'orders.customer_email character varying NO -',
      "orders.status character varying YES 'pending'::character varying",
      'orders.total_amount numeric YES -',
      'orders.created_at timestamp without time zone YES CURRENT_TIMESTAMP',
      'orders.updated_at timestamp without time zone YES CURRENT_TIMESTAMP',
    ]);
  });
});
