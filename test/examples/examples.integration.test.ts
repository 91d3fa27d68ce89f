import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Queue, UnrecoverableError, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { ClickhouseStandIn } from '../../packages/sinks/test/clickhouse-stand-in-fixture.js';
import { EXAMPLES, ExampleWorld, eventually } from './example-world-fixture.js';

/** Each runs several programs, one after the other, which takes its time on a slow machine. */
describe('the examples of the documentation', { timeout: 180_000 }, () => {
  let world: ExampleWorld;
  beforeAll(async () => {
    world = await ExampleWorld.create(['--audit', '--outbox', '--change-log']);
    await world.client.query(`INSERT INTO accounts (id) VALUES (7);
      INSERT INTO orders (id, customer_email, total_amount) VALUES (42, 'ada@example.com', 99.99), (43, 'bob@example.com', 9.99)`);
  });
  afterAll(() => world[Symbol.asyncDispose]());

  /** The names of a queue's jobs and their data, once there are so many. */
  async function changesIn(name: string, count: number) {
    const queue = new Queue(name, { connection: { url: world.redisUrl } });
    try {
      const read = () => queue.getJobs(['wait', 'waiting-children', 'completed', 'failed']);
      await expect.poll(async () => (await read()).length, { timeout: 30_000 }).toBe(count);
      return (await read()).sort((a, b) => (String(a.id) < String(b.id) ? -1 : 1)).map(job => job.data);
    } finally {
      await queue.close();
    }
  }

  it('types: the file is written, fits the database, and is the one that the examples have', async () => {
    await world.shell('types.sh');
    const [written, shown] = await Promise.all(
      [world.folder, EXAMPLES].map(folder => readFile(join(folder, 'src/walmq-tables.ts'), 'utf8')),
    );
    expect(written).toBe(shown);
  });

  it('events: messages become letters, rows of the outbox jobs of two queues, and payments are booked once', async () => {
    const workers = ['emails', 'payments'].map(name => world.worker(name));
    await world.program('src/pay-order.ts');
    await world.sql('src/pay-order.sql');
    await world.program('src/receive-payment.ts');
    await world.sql('src/receive-payment.sql');
    await eventually(async () => {
      const letters = await world.rows('SELECT order_id, total FROM letters ORDER BY order_id');
      expect(letters).toEqual([
        { order_id: 42, total: '99.99' },
        { order_id: 43, total: '9.99' },
      ]);
      expect(await world.rows('SELECT balance FROM accounts')).toEqual([{ balance: '99.99' }]);
    });
    // In batches, from a queue of its own: the same payment a second time.
    const ledger = world.worker('ledger');
    await eventually(async () => {
      expect(await world.rows('SELECT balance FROM accounts')).toEqual([{ balance: '199.98' }]);
    });
    expect(await ledger.stop()).toBe(0);
    for (const queue of ['receipts', 'bookkeeping'])
      expect(await changesIn(queue, 2)).toMatchObject(
        Array(2).fill({ after: { type: 'payment.received', payload: { amount: '99.99' } } }),
      );
    expect(await Promise.all(workers.map(worker => worker.stop()))).toEqual([0, 0]);
  });

  it('context and audit: who cancelled an order, and why, is in the log of changes and events', async () => {
    await world.program('src/cancel-order.ts');
    await world.sql('src/cancel-order.sql');
    const worker = world.app('audit-worker', { WALMQ_AUDIT: 'walmq.audit.ts' });
    await eventually(async () => {
      const rows = await world.sql('src/audit-actors.sql');
      expect(rows).toMatchObject([
        { who: null, key: { id: 42 }, old: 'pending', new: 'paid' },
        { who: 'ada@example.com', key: { id: 42 }, old: 'paid', new: 'cancelled' },
        { who: 'ada@example.com', key: { id: 43 }, old: 'pending', new: 'cancelled' },
      ]);
    });
    const history = await world.sql('src/audit-history.sql');
    expect(history).toMatchObject([
      { op: 'insert', context: null, after: { id: 42, customer_email: '***', status: 'pending' } },
      { op: 'update', context: null, changed: ['status'] },
      {
        op: 'update',
        before: { status: 'paid' },
        after: { status: 'cancelled' },
        context: { actor: 'ada@example.com', reason: 'customer called' },
      },
    ]);
    expect(Object.keys((history[0] as { after: object }).after)).not.toContain('updated_at');
    expect(await worker.stop()).toBe(0);
  });

  it('shape: a queue of some rows and columns, with masks', async () => {
    const queue = new Queue('mailing', { connection: { url: world.redisUrl } });
    onTestFinished(() => queue.close());
    await eventually(async () => {
      const changes = (await queue.getJobs(['wait', 'waiting-children'])).map(({ data }) => data);
      expect(changes).toContainEqual(
        expect.objectContaining({
          op: 'update',
          entered: true,
          changed: ['status'],
          after: { id: 42, customer_email: expect.stringMatching(/^[\w-]{43}$/), status: 'paid' },
        }),
      );
      expect(
        changes.every(({ before, after }) => [before, after].some(row => row && row.status !== 'pending')),
      ).toBe(true);
    });
  });

  it('failed changes: listed, replayed from the shell and from a program', async () => {
    let isBroken = true;
    const connection = { url: world.redisUrl, maxRetriesPerRequest: null };
    const worker = new Worker(
      'orders',
      async () => {
        if (isBroken) throw new UnrecoverableError('SMTP 451: try again later');
      },
      { connection },
    );
    onTestFinished(() => worker.close());
    const queue = new Queue('orders', { connection });
    onTestFinished(() => queue.close());
    const failed = () => queue.getFailedCount();
    await expect.poll(failed, { timeout: 30_000 }).toBe(2);
    isBroken = false;
    expect(await world.program('src/replay-smtp.ts')).toMatch(
      /replayed: 2, gone: 0, completed: 5, failed: \[\]/,
    );
    isBroken = true;
    await world.client.query("UPDATE orders SET status = 'shipped' WHERE id = 43");
    await expect.poll(failed, { timeout: 30_000 }).toBe(1);
    isBroken = false;
    const said = await world.shell('failed.sh');
    expect(said).toMatch(/^orders +orders +1 +0 .* SMTP <n>: try again later$/m);
    expect(said).toContain('orders: 1 replayed');
    expect(await failed()).toBe(0);
  });

  it('backfill: rows that were there come as reads, by themselves or when asked for', async () => {
    const said = await world.shell('backfill.sh');
    expect(said).toMatch(/About \d+ rows of public\.orders would be enqueued into "orders"/);
    expect(said).toMatch(/ done +orders +public\.orders +status = 'pending' /);
    const rows = await world.rows<{ product_id: number }>(
      'SELECT product_id FROM inventory ORDER BY product_id',
    );
    expect((await changesIn('stock', rows.length)).map(({ op, key }) => ({ op, ...key }))).toEqual(
      rows.map(({ product_id }) => ({ op: 'read', product_id })),
    );
  });

  it('change log and rewind: what happened to an order is sent once more', async () => {
    const worker = world.app('change-log-worker');
    const kept =
      "SELECT count(*)::int AS n FROM walmq.change_log WHERE change -> 'key' ->> 'id' = '42' AND table_name = 'orders'";
    await eventually(async () => expect(await world.rows(kept)).toEqual([{ n: 3 }]));
    expect(await world.shell('rewind.sh')).toMatch(/3 changes \(3 of public\.orders\)[\s\S]*3 changes sent/);
    const queue = new Queue('orders', { connection: { url: world.redisUrl } });
    onTestFinished(() => queue.close());
    await eventually(async () => {
      const jobs = await queue.getJobs(['wait', 'waiting-children']);
      expect(jobs.filter(({ data }) => data.rewound !== undefined).length).toBe(3);
    });
    expect(await worker.stop()).toBe(0);
  });

  it('webhooks: what is sent can be verified by the receiver', async () => {
    const CRM_WEBHOOK_SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
    // Below those that a system gives away by itself, and so to the servers of other tests.
    const port = 20_000 + (process.pid % 10_000);
    const env = { CRM_WEBHOOK_SECRET, CRM_WEBHOOK_URL: `http://localhost:${port}/` };
    const receiver = world.start('src/receiver.mjs', env);
    const worker = world.app('webhook-worker', env);
    await eventually(() => {
      expect(receiver.output()).toMatch(/msg_\w+ orders\.insert \{[^}]*id: 42,/);
      expect(receiver.output()).toMatch(/msg_\w+ orders\.update \{[^}]*id: 42,[^}]*status: 'cancelled'/);
    });
    expect(await worker.stop()).toBe(0);
    await receiver.stop();
  });

  it('analytics: orders are mirrored', async () => {
    const clickhouse = new ClickhouseStandIn();
    const CLICKHOUSE_URL = await clickhouse.start();
    onTestFinished(() => clickhouse.stop());
    const query = async (body: string) =>
      await (await fetch(CLICKHOUSE_URL, { method: 'POST', body })).text();
    const table = await readFile(join(EXAMPLES, 'src/order-facts.sql'), 'utf8');
    await query(table.trim().replace(/;$/, ''));
    const worker = world.worker('facts', { CLICKHOUSE_URL });
    await eventually(async () => {
      const facts = await query('SELECT id, status FROM order_facts FINAL ORDER BY id FORMAT JSONEachRow');
      expect(facts.trim().split('\n')).toEqual([
        '{"id":42,"status":"cancelled"}',
        '{"id":43,"status":"shipped"}',
      ]);
    });
    expect(await worker.stop()).toBe(0);
  });

  it('leaves nothing that failed', async () => {
    const redis = new Redis(world.redisUrl);
    onTestFinished(() => redis.disconnect());
    const failed = (await redis.keys('bull:*:failed')).map(key => redis.zcard(key));
    expect((await Promise.all(failed)).reduce((sum, count) => sum + count, 0)).toBe(0);
  });
});
