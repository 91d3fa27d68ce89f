import { type Inbox, startInbox } from '@walmq/embedded';
import { createMailer, type Mailer, type OrderRow, shopSchemaSql } from '@walmq/shop';
import { LOGIN, type MailReply, MailServer, type Servers, startServers, stopServers } from '@walmq/testing';
import { WorkerWorld } from '@walmq/worker/fixture';
import type { PoolClient } from 'pg';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { orderWorker } from '../src/order-worker.js';

const QUEUES = { orders: { table: 'orders' } };

describe("an order's mail", () => {
  let servers: Servers;
  let inbox: Inbox;
  let mailer: Mailer;
  let world: WorkerWorld;
  beforeAll(async () => {
    [servers, inbox] = await Promise.all([startServers(), startInbox()]);
    mailer = createMailer({ smtpUrl: inbox.smtpUrl, from: 'shop@example.com' });
    world = await WorkerWorld.create(servers, 'mail_items', { queues: QUEUES, schema: shopSchemaSql });
    await world.pool.query("INSERT INTO shop.products VALUES (1, 'Mug, blue'), (2, '<b>Tea</b>')");
    world.start(orderWorker({ mailer, pool: world.pool }));
  });
  afterAll(async () => {
    await world?.[Symbol.asyncDispose]();
    mailer.close();
    await Promise.all([inbox.stop(), stopServers(servers)]);
  });

  /** Rows as SQL writes them, and the change that capture makes of the order, with its transaction's id. */
  const place = async (client: PoolClient, customer: string, total: string, items: string) => {
    const { rows } = await client.query<OrderRow & { xid: number }>(
      `INSERT INTO orders (customer_email, total_amount) VALUES ($1, $2)
       RETURNING *, created_at::text, updated_at::text, (pg_current_xact_id()::text::bigint % 4294967296)::int AS xid`,
      [customer, total],
    );
    const { xid, ...after } = rows[0] as OrderRow & { xid: number };
    await client.query(
      `INSERT INTO order_items (order_id, product_id, quantity, price)
       SELECT $1, product_id, quantity, price FROM (VALUES ${items}) AS item (product_id, quantity, price)`,
      [after.id],
    );
    const change = world.change<OrderRow>('insert', 'orders', { after });
    return { ...change, tx: { ...change.tx, xid } };
  };
  const inTransaction = async <T>(act: (client: PoolClient) => Promise<T>): Promise<T> => {
    const client = await world.pool.connect();
    try {
      await client.query('BEGIN');
      const result = await act(client);
      await client.query('COMMIT');
      return result;
    } finally {
      client.release();
    }
  };
  const mailTo = (customer: string) => inbox.waitForMail(({ to }) => to.includes(customer));

  it('lists the items that came with it, by name, with what they cost', async () => {
    const change = await inTransaction(client =>
      place(client, 'all@example.com', '24.30', '(1, 2, 4.50), (2, 3, 5.10), (9, 1, NULL::numeric)'),
    );
    expect(await world.process('orders', change)).toMatchObject({ state: 'completed', tries: 1 });
    const { text, html } = await mailTo('all@example.com');
    expect(text).toContain(
      '- 2 x Mug, blue: 4.50 each, 9.00 in all\n- 3 x <b>Tea</b>: 5.10 each, 15.30 in all\n- 1 x Product 9: price to be determined',
    );
    expect(text).toContain('Total: 24.30');
    expect(html).toContain('&lt;b&gt;Tea&lt;/b&gt;');
  });

  it('waits for a commit that is in the WAL and not to be seen yet', async () => {
    const { job, customer } = await inTransaction(async client => {
      const customer = 'soon@example.com';
      const change = await place(client, customer, '9.00', '(1, 2, 4.50)');
      const job = await world.add('orders', change);
      // As with a synchronous standby that has not confirmed: the worker is told before the rows are there.
      await expect.poll(() => world.stateOf('orders', job)).toBe('active');
      return { job, customer };
    });
    expect(await world.ending('orders', job)).toMatchObject({ state: 'completed', tries: 1 });
    expect((await mailTo(customer)).text).toContain('- 2 x Mug, blue: 4.50 each, 9.00 in all');
    expect(inbox.mails().filter(({ to }) => to.includes(customer))).toHaveLength(1);
  });

  it('says so when the items are not there, and when they do not add up to the total', async () => {
    const change = await inTransaction(client =>
      place(client, 'differs@example.com', '10.00', '(1, 2, 4.50)'),
    );
    await world.process('orders', change);
    expect((await mailTo('differs@example.com')).text).toContain(
      'Items: 9.00\nOther charges: 1.00\nTotal: 10.00',
    );
    expect(world.logged.map(({ event }) => event)).toContain('order:total-differs');
    await world.pool.query('DELETE FROM order_items WHERE order_id = $1', [change.after?.id]);
    const after = { ...(change.after as OrderRow), customer_email: 'none@example.com' };
    await world.process('orders', world.change('insert', 'orders', { after }));
    expect((await mailTo('none@example.com')).text).toContain('Its items are not recorded yet.');
  });

  describe('on a server that refuses', () => {
    const start = async (name: string, server: MailServer) => {
      const refusing = await WorkerWorld.create(servers, name, { queues: QUEUES, schema: shopSchemaSql });
      const strict = createMailer({
        smtpUrl: server.url(LOGIN),
        from: 'shop@example.com',
        firstDeferralMs: 300,
      });
      refusing.start(orderWorker({ mailer: strict, pool: refusing.pool }));
      const change = refusing.change('insert', 'orders', { after: orderOf('customer@example.com') });
      return { refusing, strict, change };
    };

    it.each([
      ['recipient', { code: 550, text: 'no such user' }],
      ['mail', { code: 554, text: 'spam' }],
    ] as const)('the %s for good, is given up at once with its words', async (step, reply: MailReply) => {
      await using server = await MailServer.start();
      server.refused = { [step]: reply };
      const { refusing, strict, change } = await start(`refused_${step}`, server);
      expect(await refusing.process('orders', change)).toMatchObject({
        state: 'failed',
        tries: 1,
        reason: expect.stringContaining(`${reply.code} ${reply.text}`) as string,
      });
      strict.close();
      await refusing[Symbol.asyncDispose]();
    });

    it.each([
      ['recipient', { code: 450, text: 'greylisted' }],
      ['sender', { code: 553, text: 'not yours' }],
      ['login', { code: 535, text: 'wrong' }],
    ] as const)('the %s for now, is tried again and goes out once', async (step, reply: MailReply) => {
      await using server = await MailServer.start({ needsLogin: true });
      server.refused = { [step]: reply };
      const { refusing, strict, change } = await start(`deferred_${step}`, server);
      const job = await refusing.add('orders', change, { attempts: 1000 });
      const told = step === 'recipient' ? 'change:postponed' : 'change:retried';
      await vi.waitFor(() => expect(refusing.logged.map(({ event }) => event)).toContain(told), {
        timeout: 20_000,
      });
      server.refused = {};
      const tries = step === 'recipient' ? { tries: 1 } : {};
      expect(await refusing.ending('orders', job)).toMatchObject({ state: 'completed', ...tries });
      expect(server.taken).toHaveLength(1);
      expect(JSON.stringify(refusing.logged)).not.toContain('p@ss');
      strict.close();
      await refusing[Symbol.asyncDispose]();
    });

    it('that never answers to the whole mail gets it twice more, and the reason says that it may be delivered', async () => {
      await using server = await MailServer.start();
      server.hangsUpAfterMail = true;
      const { refusing, strict, change } = await start('no_answer', server);
      expect(await refusing.process('orders', change)).toMatchObject({
        state: 'failed',
        tries: 1,
        reason: expect.stringMatching(
          /^HANDLER_POSTPONED_TOO_LONG: .*MAIL_REPLY_LOST: .*may have been delivered\. Look for Message-ID <[0-9a-f]{32}@walmq>/,
        ) as string,
      });
      expect(server.taken).toHaveLength(3);
      expect(new Set(server.taken.map(({ raw }) => /^Message-ID: (.*)$/im.exec(raw)?.[1])).size).toBe(1);
      strict.close();
      await refusing[Symbol.asyncDispose]();
    });
  });
});

function orderOf(customer_email: string): OrderRow {
  return {
    id: 1,
    customer_email,
    status: 'pending',
    total_amount: '1.00',
    created_at: null,
    updated_at: null,
  };
}
