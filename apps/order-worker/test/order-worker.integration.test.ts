import { type Inbox, startInbox } from '@walmq/embedded';
import { createMailer, type Mailer, type OrderRow, shopSchemaSql } from '@walmq/shop';
import { type Servers, startServers, stopServers } from '@walmq/testing';
import { failingAfterFirstTry, WorkerWorld } from '@walmq/worker/fixture';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { orderWorker } from '../src/order-worker.js';

const QUEUES = { orders: { table: 'orders' } };

function order(id: number, fields: Partial<OrderRow> = {}): OrderRow {
  const at = '2026-03-01T12:00:00.000000';
  return {
    id,
    customer_email: `customer${id}@example.com`,
    status: 'pending',
    total_amount: '99.90',
    created_at: at,
    updated_at: at,
    ...fields,
  };
}

describe('order-worker', () => {
  let servers: Servers;
  let inbox: Inbox;
  let mailer: Mailer;
  let world: WorkerWorld;
  beforeAll(async () => {
    [servers, inbox] = await Promise.all([startServers(), startInbox()]);
    mailer = createMailer({ smtpUrl: inbox.smtpUrl, from: 'shop@example.com' });
    world = await WorkerWorld.create(servers, 'orders', { queues: QUEUES, schema: shopSchemaSql });
    world.start(orderWorker({ mailer, pool: world.pool }));
  });
  afterAll(async () => {
    await world?.[Symbol.asyncDispose]();
    mailer.close();
    await Promise.all([inbox.stop(), stopServers(servers)]);
  });

  const updated = (id: number, from: string | null, to: string | null, fields: Partial<OrderRow> = {}) =>
    world.change('update', 'orders', {
      before: order(id, { ...fields, status: from }),
      after: order(id, { ...fields, status: to }),
    });
  const mailsTo = (address: string) => inbox.mails().filter(({ to }) => to.includes(address));
  const requests = (kind: 'fulfilment' | 'refund', orderId: number) =>
    world.rows(`SELECT * FROM shop.${kind}_requests WHERE order_id = $1`, [orderId]);

  it('has every effect for an order whose id comes again', async () => {
    for (const fulfilments of [1, 2]) {
      await world.process('orders', world.change('insert', 'orders', { after: order(90) }));
      const paid = updated(90, 'pending', 'paid');
      const ending = await world.process('orders', paid);
      expect(ending).toMatchObject({ result: { action: 'status_change' } });
      expect(ending).not.toMatchObject({ result: { not_repeated: 'fulfilment' } });
      expect(await requests('fulfilment', 90)).toHaveLength(fulfilments);
      await world.process('orders', updated(90, 'paid', 'shipped'));
      const truncate = world.change('truncate', 'orders', {});
      expect(await world.process('orders', truncate)).toMatchObject({
        result: { action: 'orders_truncated' },
      });
    }
    const subjects = mailsTo('customer90@example.com').map(({ subject }) => subject);
    expect(subjects.sort()).toEqual([
      'Order 90 confirmed',
      'Order 90 confirmed',
      'Order 90 has shipped',
      'Order 90 has shipped',
    ]);
  });

  it('confirms a new order by mail, once for every delivery of the change', async () => {
    const change = world.change('insert', 'orders', { after: order(1) });
    const result = {
      action: 'new_order_processed',
      order_id: 1,
      customer_email: 'customer1@example.com',
      total_amount: '99.90',
    };
    expect(await world.process('orders', change)).toEqual({ state: 'completed', result, tries: 1 });
    expect(await world.process('orders', change, { jobId: 'again-1' })).toMatchObject({ result });
    const mails = mailsTo('customer1@example.com');
    expect(mails).toHaveLength(1);
    expect(mails[0]).toMatchObject({
      subject: 'Order 1 confirmed',
      from: expect.stringContaining('shop@example.com') as string,
      text: expect.stringContaining('Total: 99.90') as string,
    });
    expect(world.logged.map(({ msg }) => msg)).toContain(
      `✅ Processed INSERT on orders: ${JSON.stringify(result)}`,
    );
  });

  it.each([
    [2, 'pending', 'paid', 'fulfilment'],
    [3, 'paid', 'cancelled', 'refund'],
  ] as const)('order %i from %s to %s: one %s request', async (id, from, to, kind) => {
    const change = updated(id, from, to);
    const result = { action: 'status_change', order_id: id, old_status: from, new_status: to };
    expect(await world.process('orders', change)).toEqual({ state: 'completed', result, tries: 1 });
    expect(await world.process('orders', change, { jobId: `again-${id}` })).toMatchObject({ result });
    expect(await requests(kind, id)).toHaveLength(1);
    expect(mailsTo(`customer${id}@example.com`)).toEqual([]);
  });

  it('asks for the refund of what the order came to, to the cent', async () => {
    await world.process('orders', updated(4, 'paid', 'cancelled', { total_amount: '90071992.93' }));
    expect(await requests('refund', 4)).toMatchObject([{ amount: '90071992.93' }]);
  });

  it.each([
    [5, 'paid', 'shipped', 'Order 5 has shipped'],
    [6, 'shipped', 'delivered', 'How was order 6?'],
  ])('order %i from %s to %s: one mail, "%s"', async (id, from, to, subject) => {
    const change = updated(id, from, to);
    const result = { action: 'status_change', order_id: id, old_status: from, new_status: to };
    expect(await world.process('orders', change)).toEqual({ state: 'completed', result, tries: 1 });
    expect(await world.process('orders', change, { jobId: `again-${id}` })).toMatchObject({ result });
    expect(mailsTo(`customer${id}@example.com`).map(mail => mail.subject)).toEqual([subject]);
  });

  it('reports a status that calls for nothing', async () => {
    expect(await world.process('orders', updated(7, null, 'on hold'))).toMatchObject({
      result: { action: 'status_change', order_id: 7, old_status: null, new_status: 'on hold' },
    });
  });

  it('has each effect once per order, however its status jumps back and forth', async () => {
    const course = [
      'pending',
      'shipped',
      'paid',
      'shipped',
      'cancelled',
      'paid',
      'cancelled',
      'delivered',
      'shipped',
    ];
    const results: unknown[] = [];
    for (const [step, to] of course.slice(1).entries()) {
      const ending = await world.process('orders', updated(30, course[step] as string, to));
      const { action, order_id, old_status, new_status, ...remarks } =
        ending.state === 'completed' ? (ending.result as Record<string, unknown>) : {};
      results.push([`${old_status} to ${new_status}`, remarks]);
    }
    expect(results).toEqual([
      ['pending to shipped', { transition: 'jump', skipped: ['paid'] }],
      ['shipped to paid', { transition: 'backward' }],
      ['paid to shipped', { not_repeated: 'shipping-mail' }],
      ['shipped to cancelled', {}],
      ['cancelled to paid', { transition: 'reopened' }],
      ['paid to cancelled', { not_repeated: 'refund' }],
      ['cancelled to delivered', { transition: 'reopened' }],
      ['delivered to shipped', { transition: 'backward' }],
    ]);
    expect(mailsTo('customer30@example.com').map(({ subject }) => subject)).toEqual(['Order 30 has shipped']);
    expect(await requests('refund', 30)).toHaveLength(1);
    expect(await requests('fulfilment', 30)).toEqual([]);
    const said = world.logged.filter(({ event, orderId }) => event === 'order:status' && orderId === 30);
    expect(said.map(({ transition, level }) => [transition, level])).toEqual([
      ['jump', 'info'],
      ['backward', 'info'],
      ['reopened', 'warn'],
      ['reopened', 'warn'],
      ['backward', 'info'],
    ]);
  });

  it('leaves a mail that cannot be sent to a later change, with the address put right', async () => {
    const wrong = { customer_email: 'nobody' };
    expect(await world.process('orders', updated(31, 'paid', 'shipped', wrong))).toMatchObject({
      state: 'failed',
    });
    await world.process('orders', updated(31, 'shipped', 'paid'));
    await world.process('orders', updated(31, 'paid', 'shipped'));
    expect(mailsTo('customer31@example.com').map(({ subject }) => subject)).toEqual(['Order 31 has shipped']);
  });

  it('does nothing for an update that leaves the status as it is', async () => {
    const change = world.change('update', 'orders', {
      before: order(8, { status: 'shipped', total_amount: '1.00' }),
      after: order(8, { status: 'shipped', total_amount: '2.00' }),
    });
    expect(await world.process('orders', change)).toMatchObject({
      result: { action: 'none', reason: 'status unchanged', order_id: 8 },
    });
    expect(mailsTo('customer8@example.com')).toEqual([]);
  });

  it('reports a deleted order', async () => {
    const change = world.change('delete', 'orders', { before: order(9) });
    expect(await world.process('orders', change)).toMatchObject({
      result: { action: 'order_deleted', order_id: 9 },
    });
  });

  it.each([
    [10, 'everybody@example.com, somebody@example.com'],
    [11, 'customer@example.com\r\nBcc: everybody@example.com'],
    [12, 'nobody'],
  ])('fails order %i at once, whose address is %j', async (id, customer_email) => {
    const change = world.change('insert', 'orders', { after: order(id, { customer_email }) });
    expect(await world.process('orders', change)).toMatchObject({
      state: 'failed',
      tries: 1,
      reason: expect.stringContaining(`customer_email of order ${id} is not a mail address`) as string,
    });
    expect(inbox.mails().flatMap(({ to }) => to)).not.toContain('everybody@example.com');
  });

  it('tells a repeated mail by its Message-ID', async () => {
    const change = world.change('insert', 'orders', { after: order(13) });
    await world.process('orders', change);
    // What remains when a process dies after the mail and before its record.
    await world.pool.query(
      "UPDATE walmq.effects SET state = 'intended', done_at = NULL WHERE change_id = $1",
      [change.id],
    );
    await world.process('orders', change, { jobId: 'again-13' });
    const ids = mailsTo('customer13@example.com').map(({ messageId }) => messageId);
    expect(ids).toHaveLength(2);
    expect(new Set(ids).size).toBe(1);
  });

  it('repeats neither mail nor request when a try fails after its effects', async () => {
    await using failing = await WorkerWorld.create(servers, 'orders_failing', {
      queues: QUEUES,
      schema: shopSchemaSql,
    });
    failing.start(failingAfterFirstTry(orderWorker({ mailer, pool: failing.pool })));
    const endings = [
      await failing.process('orders', failing.change('insert', 'orders', { after: order(20) })),
      await failing.process('orders', { ...updated(20, 'pending', 'paid'), id: 'paid-20' }),
      await failing.process('orders', { ...updated(20, 'paid', 'shipped'), id: 'shipped-20' }),
    ];
    expect(endings).toMatchObject([1, 2, 3].map(() => ({ state: 'completed', tries: 2 })));
    expect(mailsTo('customer20@example.com').map(({ subject }) => subject)).toEqual([
      'Order 20 confirmed',
      'Order 20 has shipped',
    ]);
    expect(await failing.rows('SELECT order_id FROM shop.fulfilment_requests')).toEqual([{ order_id: 20 }]);
  });

  it('tries again while the mail server is away', async () => {
    await using lonely = await WorkerWorld.create(servers, 'orders_lonely', {
      queues: QUEUES,
      schema: shopSchemaSql,
    });
    const gone = await startInbox();
    await gone.stop();
    const lost = createMailer({ smtpUrl: gone.smtpUrl, from: 'shop@example.com' });
    lonely.start(orderWorker({ mailer: lost, pool: lonely.pool }));
    const change = lonely.change('insert', 'orders', { after: order(21) });
    expect(await lonely.process('orders', change, { attempts: 3 })).toMatchObject({
      state: 'failed',
      tries: 3,
    });
    const back = await startInbox({ smtpPort: Number(new URL(gone.smtpUrl).port) });
    const ending = await lonely.process('orders', change, { jobId: 'again-21' });
    expect(ending).toMatchObject({ state: 'completed', tries: 1 });
    expect(back.mails()).toHaveLength(1);
    lost.close();
    await back.stop();
  });
});
