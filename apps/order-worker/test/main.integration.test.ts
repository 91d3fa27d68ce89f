import { join } from 'node:path';
import { type Inbox, startInbox } from '@walmq/embedded';
import { shopSchemaSql } from '@walmq/shop';
import { type Servers, startApp, startServers, stopServers, writeConfig } from '@walmq/testing';
import { WorkerWorld } from '@walmq/worker/fixture';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const APP = join(import.meta.dirname, '..');
const QUEUES = { orders: { table: 'orders' } };

describe("order-worker's process", () => {
  let servers: Servers;
  let inbox: Inbox;
  beforeAll(async () => {
    [servers, inbox] = await Promise.all([startServers(), startInbox()]);
  });
  afterAll(async () => {
    await Promise.all([inbox.stop(), stopServers(servers)]);
  });

  const start = async (world: WorkerWorld, queues: object, from = 'orders@example.com') => {
    const config = await writeConfig({ redis: { prefix: world.prefix }, queues });
    return startApp(APP, {
      DATABASE_URL: world.databaseUrl,
      REDIS_URL: servers.redis.url,
      SMTP_URL: inbox.smtpUrl,
      WALMQ_CONFIG: config,
      WALMQ_MAIL_FROM: from,
    });
  };

  it('is ready, processes, counts, and drains at SIGTERM', async () => {
    await using world = await WorkerWorld.create(servers, 'process', {
      queues: QUEUES,
      schema: shopSchemaSql,
    });
    const app = await start(world, QUEUES);
    const url = await app.url();
    expect((await fetch(`${url}/ready`)).status).toBe(200);
    const after = { id: 1, customer_email: 'a@example.com', status: 'pending', total_amount: '9.99' };
    const ending = await world.process('orders', world.change('insert', 'orders', { after }));
    expect(ending).toMatchObject({ state: 'completed', result: { action: 'new_order_processed' } });
    expect(inbox.mails()).toMatchObject([
      { to: ['a@example.com'], from: expect.stringContaining('orders@example.com') as string },
    ]);
    expect(await (await fetch(`${url}/metrics`)).text()).toContain(
      'walmq_worker_changes_total{queue="orders",table="orders",op="insert",outcome="processed"} 1',
    );
    expect(await app.end('SIGTERM')).toBe('exit 0');
    expect(app.output()).toContain('✅ Processed INSERT on orders: {\\"action\\":\\"new_order_processed\\"');
  });

  it('says in one sentence what its configuration lacks', async () => {
    await using world = await WorkerWorld.create(servers, 'misfit', { queues: QUEUES });
    const app = await start(world, { orders: { table: 'invoices' } });
    expect(await app.ended).toBe('exit 1');
    expect(app.output().trim()).toBe(
      'TABLE_NOT_IN_QUEUE: queue "orders" has a handler for table "orders", which does not feed it. ' +
        'Add the table to the queue in walmq.config.ts; it is fed by: invoices.',
    );
  });

  it('refuses a sender that is none', async () => {
    await using world = await WorkerWorld.create(servers, 'sender', { queues: QUEUES });
    const app = await start(world, QUEUES, 'everybody@example.com, nobody');
    expect(await app.ended).toBe('exit 1');
    expect(app.output()).toContain('WALMQ_MAIL_FROM must be one mail address');
  });

  it('names every variable that is missing', async () => {
    const app = startApp(APP, {});
    expect(await app.ended).toBe('exit 1');
    for (const name of ['DATABASE_URL', 'REDIS_URL', 'SMTP_URL']) expect(app.output()).toContain(name);
  });
});
