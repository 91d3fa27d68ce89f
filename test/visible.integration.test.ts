import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type RunningSystem, startSystem } from './system-fixture.js';

/** For workers in any language: docs/guides/workers.md. */
const VISIBLE_SQL = readFileSync(join(import.meta.dirname, '../docs/examples/src/visible.sql'), 'utf8');

const COUNT = 10;
const WAIT = { timeout: 30_000 };

describe('a synchronous standby that hangs', () => {
  let system: RunningSystem;
  let client: Client;
  let redis: Redis;
  beforeAll(async () => {
    system = await startSystem(['capture', 'inventory-worker']);
    client = new Client({ connectionString: system.databaseUrl });
    redis = new Redis(system.redisUrl, { maxRetriesPerRequest: null });
    await client.connect();
    await client.query('SET synchronous_commit = local');
  });
  afterAll(async () => {
    await client?.end();
    redis?.disconnect();
    await system?.stop();
  });

  const standby = async (change: string) => {
    await client.query(`ALTER SYSTEM ${change}`);
    await client.query('SELECT pg_reload_conf()');
  };
  const waiting = async () => {
    const { rows } = await client.query<{ pid: number }>(
      "SELECT pid FROM pg_stat_activity WHERE application_name = 'shopper' AND wait_event = 'SyncRep'",
    );
    return rows.length;
  };

  it('no stock is missed that came with the order, though its commit was read before it was visible', async () => {
    await using queue = Object.assign(new Queue('reservations', { connection: redis }), {
      [Symbol.asyncDispose]: async () => {},
    });
    const shoppers = await Promise.all(
      Array.from({ length: COUNT }, async () => {
        const shopper = new Client({
          connectionString: system.databaseUrl,
          application_name: 'shopper',
        });
        await shopper.connect();
        return shopper;
      }),
    );
    try {
      await standby("SET synchronous_standby_names = 'nobody'");
      // Commits wait once the checkpointer has heard of it: until one does, each is an order that comes through.
      let product = 0;
      const order = async (shopper: Client) => {
        product += 1;
        await shopper.query(`BEGIN; INSERT INTO inventory (product_id, stock_quantity) VALUES (${product}, 5);
          WITH o AS (INSERT INTO orders (customer_email, total_amount) VALUES ('a@example.com', 1) RETURNING id)
          INSERT INTO order_items (order_id, product_id, quantity, price) SELECT id, ${product}, 2, 1 FROM o; COMMIT`);
      };
      const hidden: Promise<unknown>[] = [];
      for (const shopper of shoppers) {
        const isHidden = async () => {
          let ended = false;
          const placed = order(shopper).finally(() => {
            ended = true;
          });
          const before = hidden.length;
          await vi.waitUntil(async () => ended || (await waiting()) > before, WAIT);
          if (!ended) hidden.push(placed);
          return !ended;
        };
        await vi.waitUntil(isHidden, WAIT);
      }
      expect(await waiting()).toBe(COUNT);
      // Every one of them is with the worker, and no query sees it.
      await expect
        .poll(async () => (await queue.getJobs()).filter(({ processedOn }) => processedOn).length, WAIT)
        .toBe(product);
      const visible = async () => {
        const xids = (await queue.getJobs()).map(({ data }) => data.tx.xid as number);
        let count = 0;
        for (const xid of xids) if ((await client.query(VISIBLE_SQL, [xid])).rows[0]?.visible) count += 1;
        return count;
      };
      expect(await visible()).toBe(product - COUNT);
      await standby('RESET synchronous_standby_names');
      await Promise.all(hidden);
      expect(await visible()).toBe(product);
      await expect.poll(() => queue.getCompletedCount(), WAIT).toBe(product);
    } finally {
      await standby('RESET synchronous_standby_names');
      await Promise.all(shoppers.map(shopper => shopper.end()));
    }
    const { rows } = await client.query(
      `SELECT (SELECT count(*)::int FROM inventory WHERE stock_quantity = 3) AS taken,
              (SELECT count(*)::int FROM inventory) AS products, (SELECT count(*)::int FROM shop.back_orders) AS missed`,
    );
    expect(rows[0]).toEqual({ taken: rows[0].products, products: rows[0].products, missed: 0 });
  });
});
