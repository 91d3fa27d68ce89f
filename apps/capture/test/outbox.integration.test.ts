import { outbox, outboxSchemaSql } from '@walmq/outbox';
import { type Servers, startServers, stopServers } from '@walmq/testing';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CaptureWorld } from './capture-fixture.js';

const SCHEMA = outboxSchemaSql({ schema: 'public', table: 'outbox' });
const QUEUES = { payments: { outbox: 'payment' }, ledger: { outbox: ['payment', 'account'] } };

describe('the outbox table', () => {
  let servers: Servers;
  beforeAll(async () => {
    servers = await startServers();
  });
  afterAll(() => stopServers(servers));

  const create = (name: string) => CaptureWorld.create(servers, name, { schema: SCHEMA, queues: QUEUES });
  const numbers = (changes: { after: unknown }[]) =>
    changes.map(({ after }) => (after as { payload: { n: number } }).payload.n);
  const jobsIn = async (world: CaptureWorld, queue: string, state: 'wait' | 'waiting-children') => {
    const base = `${world.config.queues[queue]?.prefix}:${queue}:`;
    const ids =
      state === 'wait'
        ? await world.redis.lrange(base + state, '0', '-1')
        : await world.redis.zrange(base + state, '0', '-1');
    const changes = await Promise.all(ids.map(id => world.redis.hget(base + id, 'data')));
    return numbers(changes.map(data => JSON.parse(data as string) as { after: unknown })).sort();
  };

  it("brings rows to the queues of their aggregate's type, named by their own, in order per aggregate", async () => {
    await using world = await create('outbox_order');
    const capture = world.capture();
    const { publish } = outbox(world.client);
    await world.client.query('BEGIN');
    const paid = { aggregateType: 'payment', aggregateId: 7, type: 'payment.paid', headers: { v: 1 } };
    await publish({ ...paid, payload: { n: 1 } });
    await publish({ ...paid, type: 'payment.refunded', payload: { n: 2 } });
    await publish({ ...paid, aggregateId: 8, payload: { n: 3 } });
    await publish({ ...paid, aggregateType: 'account', payload: { n: 4 } });
    await publish({ aggregateType: 'payment', type: 'payment.swept', payload: { n: 5 } });
    await publish({ aggregateType: 'payment', type: 'payment.swept', payload: { n: 6 } });
    await world.client.query('COMMIT');

    const payments = await world.waitForChanges('payments', 5);
    expect(numbers(payments)).toEqual([1, 2, 3, 5, 6]);
    expect(numbers(await world.waitForChanges('ledger', 6))).toEqual([1, 2, 3, 4, 5, 6]);
    expect(payments[0]).toMatchObject({
      op: 'insert',
      schema: 'public',
      table: 'outbox',
      key: { id: '1' },
      before: null,
      after: {
        id: '1',
        aggregate_type: 'payment',
        aggregate_id: '7',
        type: 'payment.paid',
        payload: { n: 1 },
        headers: { v: 1 },
      },
    });
    const keys = await world.jobKeys('payments');
    expect(await world.redis.hget(keys.get(payments[1]?.id as string) as string, 'name')).toBe(
      'payment.refunded',
    );
    // Only the second of payment 7 has to wait: another aggregate does not, nor what is in no order.
    expect(await jobsIn(world, 'payments', 'waiting-children')).toEqual([2]);
    expect(await jobsIn(world, 'payments', 'wait')).toEqual([1, 3, 5, 6]);
    expect(await jobsIn(world, 'ledger', 'waiting-children')).toEqual([2]);
    await capture.stop();
  });

  it('delivers rows deleted in their own transaction; what else happens to rows is no event', async () => {
    await using world = await create('outbox_deleted');
    const capture = world.capture();
    const { client } = world;
    const event = (n: number) => ({ aggregateType: 'payment', aggregateId: 1, type: 'a', payload: { n } });
    await client.query('BEGIN');
    await outbox(client, { keepRows: false }).publish(event(1));
    await client.query('COMMIT');
    expect((await client.query('SELECT FROM outbox')).rowCount).toBe(0);
    await outbox(client).publish(event(2));
    await client.query("UPDATE outbox SET payload = '{}'");
    await client.query('DELETE FROM outbox');
    await client.query('BEGIN');
    await outbox(client).publish(event(99));
    await client.query('ROLLBACK');
    await client.query('BEGIN; SAVEPOINT a');
    await outbox(client).publish(event(98));
    await client.query('ROLLBACK TO a');
    await outbox(client).publish(event(3));
    await client.query('COMMIT');
    await client.query('TRUNCATE outbox');
    await world.waitUntilAcknowledged();
    expect(numbers(await world.waitForChanges('payments', 3))).toEqual([1, 2, 3]);
    await capture.stop();
  });

  it('keeps the order of an aggregate over concurrent transactions', async () => {
    await using world = await create('outbox_concurrent');
    const capture = world.capture();
    const others = await Promise.all(
      [0, 1, 2, 3].map(async () => {
        const client = new Client(world.databaseUrl);
        await client.connect();
        return client;
      }),
    );
    await world.client.query('CREATE TABLE aggregates AS SELECT 0 AS id, 0 AS version');
    // As applications do it: the aggregate is locked, and its version is what orders its events.
    await Promise.all(
      others.map(async client => {
        for (let i = 0; i < 25; i++) {
          await client.query('BEGIN');
          const { rows } = await client.query<{ n: number }>(
            'UPDATE aggregates SET version = version + 1 RETURNING version AS n',
          );
          const payload = { n: rows[0]?.n as number };
          await outbox(client).publish({
            aggregateType: 'payment',
            aggregateId: 0,
            type: 'a',
            payload,
          });
          await client.query('COMMIT');
        }
        await client.end();
      }),
    );
    const changes = await world.waitForChanges('payments', 100);
    expect(numbers(changes)).toEqual(Array.from({ length: 100 }, (_, i) => i + 1));
    expect(await jobsIn(world, 'payments', 'wait')).toEqual([1]);
    await capture.stop();
  });

  it('may be called what it is called, and so may its columns', async () => {
    const columns = {
      id: 'nr',
      aggregateType: 'Kind',
      aggregateId: 'KindId',
      type: 'event',
      payload: 'body',
      headers: 'meta',
      createdAt: 'at',
    };
    await using world = await CaptureWorld.create(servers, 'outbox_named', {
      schema: outboxSchemaSql({ schema: 'sales', table: 'Events', columns }),
      queues: QUEUES,
      outbox: { table: 'sales.Events', columns },
    });
    const capture = world.capture();
    const options = { schema: 'sales', table: 'Events', columns };
    const event = { aggregateType: 'payment', aggregateId: 7, type: 'payment.paid', payload: ['a'] };
    await world.client.query('BEGIN');
    await outbox(world.client, { ...options, keepRows: false }).publish(event);
    await outbox(world.client, options).publish({ ...event, headers: { v: 1 } });
    await world.client.query('COMMIT');
    const changes = await world.waitForChanges('payments', 2);
    expect(changes).toMatchObject([
      { after: { nr: '1', Kind: 'payment', KindId: '7', event: 'payment.paid', body: ['a'], meta: null } },
      { key: { nr: '2' }, after: { meta: { v: 1 } } },
    ]);
    const ids = [...(await world.jobKeys('payments')).values()];
    for (const id of ids) expect(await world.redis.hget(id, 'name')).toBe('payment.paid');
    // The second waits for the first: they are of one aggregate.
    expect(await world.redis.zcard(`${world.config.redis.prefix}:payments:waiting-children`)).toBe(1);
    expect((await world.client.query('SELECT nr FROM sales."Events"')).rows).toEqual([{ nr: '2' }]);
    await capture.stop();
  });

  it('is cleaned of old rows in batches, and of these alone; what is cleaned is no event', async () => {
    await using world = await create('outbox_cleaned');
    const { client } = world;
    await client.query(`INSERT INTO outbox (aggregate_type, type, payload, created_at)
      SELECT 'payment', 'a', json_build_object('n', n), now() - n * interval '1 hour' FROM generate_series(1, 100) n`);
    await client.query("CALL walmq.clean_outbox('1 day 30 minutes', 7)");
    const { rows } = await client.query("SELECT (payload ->> 'n')::int AS n FROM outbox ORDER BY n");
    expect(rows.map(({ n }) => n as number)).toEqual(Array.from({ length: 24 }, (_, index) => index + 1));
    await client.query("CALL walmq.clean_outbox('1 day 30 minutes')");
    // A row that somebody holds is left for the next time, and nobody waits.
    await client.query('BEGIN');
    await client.query("SELECT FROM outbox WHERE payload ->> 'n' = '3' FOR UPDATE");
    const other = new Client(world.databaseUrl);
    await other.connect();
    await other.query("CALL walmq.clean_outbox('0 seconds', 5)");
    await other.end();
    await client.query('ROLLBACK');
    expect((await client.query("SELECT payload ->> 'n' AS n FROM outbox")).rows).toEqual([{ n: '3' }]);
    const capture = world.capture();
    await world.waitUntilAcknowledged();
    expect(numbers(await world.waitForChanges('payments', 100)).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 100 }, (_, index) => index + 1),
    );
    await capture.stop();
  });

  it('rows that no queue takes go to the dead-letter queue, with the reason', async () => {
    await using world = await create('outbox_nobody');
    const reasons: string[] = [];
    const capture = world.capture({ 'event-malformed': ({ reason }) => reasons.push(reason) });
    await outbox(world.client).publish({ aggregateType: 'typo', type: 'a', payload: { n: 1 } });
    await world.client.query('ALTER TABLE outbox ALTER type DROP NOT NULL');
    await world.client.query("INSERT INTO outbox (aggregate_type) VALUES ('payment')");
    const changes = await world.waitForChanges('walmq.dead-letter', 2);
    expect(changes).toMatchObject([
      { reason: 'no queue takes its aggregate type', after: { aggregate_type: 'typo', payload: { n: 1 } } },
      { reason: 'its type is missing', after: { aggregate_type: 'payment' } },
    ]);
    expect(reasons).toEqual(changes.map(({ reason }) => reason));
    await capture.stop();
  });
});
