import { join } from 'node:path';
import { type Inbox, startInbox } from '@walmq/embedded';
import { shopSchemaSql } from '@walmq/shop';
import { eventually, type Servers, startApp, startServers, stopServers, writeConfig } from '@walmq/testing';
import { WorkerWorld } from '@walmq/worker/fixture';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const APP = join(import.meta.dirname, '..');
const ITEMS = 600;
const PRODUCTS = 4;
const STOCK = 250;
const KILLS = 4;

describe('inventory-worker, killed again and again', () => {
  let servers: Servers;
  let inbox: Inbox;
  beforeAll(async () => {
    [servers, inbox] = await Promise.all([startServers(), startInbox()]);
  });
  afterAll(async () => {
    await Promise.all([inbox.stop(), stopServers(servers)]);
  });

  it('reserves for every item once, and no more than there is', async () => {
    const patience = { concurrency: 8, stalledAfterMs: 1000, maxStalledCount: 1000 };
    const queues = {
      inventory: { table: 'inventory', ...patience },
      reservations: { tables: ['orders', 'order_items'], ...patience },
    };
    await using world = await WorkerWorld.create(servers, 'killed', { queues, schema: shopSchemaSql });
    const config = await writeConfig({ redis: { prefix: world.prefix }, queues });
    await world.pool.query(
      'INSERT INTO inventory (product_id, stock_quantity) SELECT n, $1 FROM generate_series(1, $2::integer) AS n',
      [STOCK, PRODUCTS],
    );
    const items = Array.from({ length: ITEMS }, (_, n) => ({
      id: n + 1,
      order_id: n + 1,
      product_id: 1 + (n % PRODUCTS),
      quantity: 1 + (n % 3),
      price: '1.00',
    }));
    await Promise.all(
      items.map(after =>
        world.add('reservations', world.change('insert', 'order_items', { after }), { attempts: 1000 }),
      ),
    );
    const start = () =>
      startApp(APP, {
        DATABASE_URL: world.databaseUrl,
        REDIS_URL: servers.redis.url,
        SMTP_URL: inbox.smtpUrl,
        WALMQ_CONFIG: config,
      });
    const done = () => world.countOf('reservations', 'completed');
    for (let kill = 0; kill < KILLS; kill++) {
      const before = await done();
      const app = start();
      // Killed with whatever it has in hand just then.
      await eventually(async () => expect(await done()).toBeGreaterThan(before + 20));
      expect(await app.end('SIGKILL')).toBe('SIGKILL');
    }
    const app = start();
    await eventually(async () => expect(await done()).toBe(ITEMS));
    expect(await app.end('SIGTERM')).toBe('exit 0');

    const products = await world.rows<{ stock: number; reserved: number; short: number | null }>(
      `SELECT stock_quantity AS stock,
              (SELECT sum(quantity)::int FROM shop.reservations r WHERE r.product_id = i.product_id) AS reserved,
              (SELECT min(quantity) FROM shop.back_orders b WHERE b.product_id = i.product_id) AS short
         FROM inventory i`,
    );
    expect(products).toHaveLength(PRODUCTS);
    for (const { stock, reserved, short } of products) {
      expect(stock).toBeGreaterThanOrEqual(0);
      expect(reserved).toBe(STOCK - stock);
      expect(short).toBeGreaterThan(stock);
    }
    const counted = await world.rows(
      `SELECT (SELECT count(*)::int FROM walmq.inbox) AS inbox,
              (SELECT count(*)::int FROM shop.reservations) + (SELECT count(*)::int FROM shop.back_orders) AS items`,
    );
    expect(counted).toEqual([{ inbox: ITEMS, items: ITEMS }]);
  });
});
