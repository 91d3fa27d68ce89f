import { readTrace, withoutData } from '@walmq/operations';
import { outbox, outboxSchemaSql, publish, withContext } from '@walmq/outbox';
import { type Servers, startServers, stopServers } from '@walmq/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { statesIn, TraceWorld } from './trace-fixture.js';

const ORDERS = 'CREATE TABLE orders (id integer PRIMARY KEY, customer bigint NOT NULL, email text)';
const SECRET = 'ada@secret.example';

describe('what leads to the changes of a row', () => {
  let servers: Servers;
  beforeAll(async () => {
    servers = await startServers();
  });
  afterAll(() => stopServers(servers));

  it('keys of several columns in every form, as PostgreSQL reads them; the nearest name for a wrong one', async () => {
    const world = await TraceWorld.start(servers, 'trace_keys', {
      schema: `CREATE TABLE order_items (order_id integer, line bigint, sku text, PRIMARY KEY (order_id, line));
        CREATE TABLE prices (price numeric(10,2) PRIMARY KEY);
        CREATE TABLE days (day date PRIMARY KEY);
        CREATE TABLE codes (code text PRIMARY KEY)`,
      queues: {
        items: { table: 'order_items' },
        others: { tables: ['prices', 'days', 'codes'] },
      },
    });
    await world.sql("INSERT INTO order_items VALUES (42, 7, 'a'), (42, 8, 'b'), (4, 27, 'c')");
    await world.sql("INSERT INTO prices VALUES (1.5); INSERT INTO days VALUES ('2026-11-22')");
    await world.sql("INSERT INTO codes VALUES ('a=b c'), ('01')");
    await world.captured();
    for (const key of [
      ['42', '7'],
      ['line=7', 'order_id=42'],
      ['{"order_id": 42, "line": "7"}'],
      ['[42, 7]'],
      ['42 7'],
      ['042', ' 7 '],
    ]) {
      const trace = await world.row('order_items', ...key);
      expect(
        trace.changes.map(change => change.key),
        key.join(' '),
      ).toEqual([{ order_id: 42, line: '7' }]);
    }
    expect((await world.row('prices', '1.50')).changes).toHaveLength(1);
    expect((await world.row('prices', '15e-1')).changes).toHaveLength(1);
    expect((await world.row('days', 'Nov 22 2026')).changes).toHaveLength(1);
    expect((await world.row('codes', 'a=b c')).changes).toHaveLength(1);
    expect((await world.row('codes', '1')).changes).toEqual([]);
    expect((await world.row('codes', '01')).changes).toHaveLength(1);
    await expect(world.row('order_item', '1')).rejects.toMatchObject({
      code: 'TABLE_NOT_TAKEN',
      message: expect.stringContaining('Did you mean "order_items"?') as string,
    });
    await expect(world.row('order_items', '1')).rejects.toMatchObject({ code: 'KEY_INVALID' });
    await expect(world.row('order_items', 'order_id=1', 'lin=2')).rejects.toMatchObject({
      message: expect.stringContaining('Did you mean "line"?') as string,
    });
    await expect(world.row('order_items', '1', 'x')).rejects.toMatchObject({
      message: expect.stringContaining('"x" is no bigint') as string,
    });
  });

  it('an update of the key: each key names the other', async () => {
    const world = await TraceWorld.start(servers, 'trace_moved', {
      schema: ORDERS,
      queues: { orders: { table: 'orders' } },
    });
    await world.sql('INSERT INTO orders VALUES (42, 1)');
    await world.sql('UPDATE orders SET id = 43 WHERE id = 42');
    await world.captured();
    const before = await world.row('orders', '42');
    expect(before.changes.map(({ op, moved }) => [op, moved?.to, moved?.key])).toEqual([
      ['insert', undefined, undefined],
      ['delete', true, { id: 43 }],
    ]);
    const after = await world.row('orders', '43');
    expect(after.changes.map(({ op, moved }) => [op, moved?.to, moved?.key])).toEqual([
      ['insert', false, { id: 42 }],
    ]);
  });

  it('queues that order by another column, by none, by hashed keys, and without a database', async () => {
    const world = await TraceWorld.start(servers, 'trace_orders', {
      schema: ORDERS,
      queues: {
        customers: { table: 'orders', orderBy: 'customer' },
        any: { table: 'orders', orderBy: false },
        masked: { table: 'orders', mask: { id: { truncate: 2 }, email: 'redact' } },
      },
    });
    await world.sql(`INSERT INTO orders VALUES (42, 7, '${SECRET}'), (43, 7, 'b'), (44, 8, 'c')`);
    await world.sql('UPDATE orders SET email = NULL WHERE id = 42');
    await world.captured();
    const trace = await world.row('orders', '42');
    expect(statesIn(trace, 'customers')).toEqual(['waiting', 'parked']);
    expect(statesIn(trace, 'any')).toEqual(['waiting', 'waiting']);
    expect(statesIn(trace, 'masked')).toEqual(['waiting', 'parked']);
    expect(trace.notes.filter(({ code }) => code === 'order-key' || code === 'search-bound')).toEqual([]);
    expect(trace.changes[0]?.rows.map(({ of, after }) => [of, after?.email])).toEqual([
      [['customers', 'any'], SECRET],
      [['masked'], '[redacted]'],
    ]);
    // The next change of the customer is one of another order: 43 waits for 42.
    const other = await world.row('orders', '43');
    expect(other.changes[0]?.queues.find(({ queue }) => queue === 'customers')?.job?.behind).toMatchObject({
      key: { id: 42 },
    });

    const database = new Error('DATABASE_URL is not set');
    const blind = await readTrace({
      config: world.config,
      database,
      redis: world.redis,
      query: { by: 'row', table: 'orders', key: ['42'] },
    });
    expect(statesIn(blind, 'masked')).toEqual(['waiting', 'parked']);
    expect(blind.notes.map(({ code }) => code)).toContain('no-database');
  });

  it('events by their key: messages, and rows of the outbox by their aggregate', async () => {
    const world = await TraceWorld.start(servers, 'trace_events', {
      schema: `${ORDERS};${outboxSchemaSql({ schema: 'public', table: 'outbox' })}`,
      queues: {
        emails: { messages: true },
        both: { table: 'orders', messages: true },
        payments: { outbox: ['payment', 'refund'] },
      },
    });
    const { client } = world.capture;
    await client.query('BEGIN');
    await withContext(client, { actor: 'ada' });
    await publish(client, 'emails', { type: 'order.paid', key: 42, payload: {} });
    await publish(client, 'emails', { type: 'order.sent', key: 42, payload: {} });
    await publish(client, 'both', { type: 'order.paid', key: '42', payload: {} });
    await publish(client, 'emails', { type: 'order.paid', key: 43, payload: {} });
    await outbox(client).publish({
      aggregateType: 'refund',
      aggregateId: 42,
      type: 'refund.made',
      payload: {},
    });
    await client.query('INSERT INTO orders VALUES (42, 1)');
    await client.query('COMMIT');
    await world.captured();
    const trace = await world.trace({ by: 'event', key: '42' });
    expect(
      trace.changes.map(({ op, queues }) => [op, queues.map(({ queue, state }) => `${queue} ${state}`)]),
    ).toEqual([
      ['order.paid', ['emails waiting']],
      ['order.sent', ['emails parked']],
      ['order.paid', ['both waiting']],
      ['refund.made', ['payments waiting']],
    ]);
    expect(trace.changes[0]?.context).toEqual({ actor: 'ada' });

    const [{ id, lsn }] = trace.changes as [(typeof trace.changes)[number]];
    const whole = await world.trace({ by: 'lsn', lsn });
    expect(whole.changes).toHaveLength(6);
    expect(whole.changes[5]).toMatchObject({ table: 'orders', key: { id: 42 } });
    expect((await world.trace({ by: 'change', id })).changes).toMatchObject([{ id, op: 'order.paid' }]);
    expect((await world.trace({ by: 'change', id: id.toLowerCase() })).changes).toHaveLength(1);
    const nothing = await world.trace({ by: 'lsn', lsn: '0/1' });
    expect(nothing.changes).toEqual([]);
    expect(nothing.notes[0]?.text).toContain('No transaction');
    await expect(world.trace({ by: 'change', id: '42' })).rejects.toMatchObject({ code: 'POSITION_INVALID' });
    await expect(world.trace({ by: 'lsn', lsn: 'x' })).rejects.toMatchObject({ code: 'POSITION_INVALID' });
  });

  it('the logs, after the jobs are gone: with the masks of the queues, and nothing for those who may not see rows', async () => {
    const world = await TraceWorld.start(servers, 'trace_logs', {
      schema: ORDERS,
      withLogs: true,
      queues: {
        orders: { table: 'orders', mask: { email: 'redact' } },
        audit: { table: 'orders' },
        'change-log': { table: 'orders' },
      },
    });
    world.keepLogs();
    await world.sql(`INSERT INTO orders VALUES (42, 1, '${SECRET}')`);
    await world.sql('UPDATE orders SET customer = 2 WHERE id = 42');
    await world.rowOnce(
      ['orders', '42'],
      trace =>
        statesIn(trace, 'change-log').join() === 'completed,completed' &&
        statesIn(trace, 'audit').join() === 'completed,completed',
    );
    for (const name of ['orders', 'audit', 'change-log']) await world.queue(name).obliterate({ force: true });
    const trace = await world.row('orders', '42');
    expect(trace.changes.map(({ op, logs }) => [op, logs])).toEqual([
      ['insert', ['audit', 'change-log']],
      ['update', ['audit', 'change-log']],
    ]);
    expect(statesIn(trace, 'orders')).toEqual(['gone', 'gone']);
    expect(JSON.stringify(trace)).not.toContain(SECRET);
    expect(trace.changes[1]?.rows).toMatchObject([
      { of: ['audit', 'change-log'], differences: [{ column: 'customer', before: '1', after: '2' }] },
    ]);
    expect(trace.changes[0]?.rows[0]?.after).toEqual({ id: 42, customer: '1', email: '[hidden]' });
    // The same by position, which the key does not lead to.
    expect((await world.trace({ by: 'change', id: trace.changes[0]?.id as string })).changes).toHaveLength(1);

    // After a change of the type the logs still have the key as it was then.
    await world.sql('ALTER TABLE orders ALTER COLUMN id TYPE bigint');
    expect((await world.row('orders', '42')).changes).toHaveLength(2);

    const hidden = withoutData(trace);
    expect(hidden.changes).toMatchObject([
      { key: null, rows: [], context: null },
      { key: null, rows: [] },
    ]);

    const plan = await world.capture.client.query<{ 'QUERY PLAN': string }>(
      `SET enable_seqscan = off; EXPLAIN SELECT change FROM walmq.change_log
         WHERE jsonb_hash_extended(key, 0) = ANY (ARRAY(SELECT jsonb_hash_extended(k, 0) FROM unnest(ARRAY['{"id": 42}'::jsonb]) k))
           AND key = ANY (ARRAY['{"id": 42}'::jsonb]) ORDER BY committed_at DESC LIMIT 500`,
    );
    const [, explained] = plan as unknown as [unknown, typeof plan];
    expect(explained.rows.map(row => row['QUERY PLAN']).join('\n')).toMatch(
      /Index.* on change_log_\w*key|Index.*change_log_default_jsonb/,
    );
  });
});
