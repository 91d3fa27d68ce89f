import { withContext } from '@walmq/outbox';
import { type Servers, startServers, stopServers } from '@walmq/testing';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CaptureWorld } from './capture-fixture.js';
import { CaptureProcess } from './capture-process-fixture.js';

const SCHEMA = 'CREATE TABLE items (id integer PRIMARY KEY, name text)';
const QUEUES = { items: { table: 'items' } };

describe("a transaction's context", () => {
  let servers: Servers;
  beforeAll(async () => {
    servers = await startServers();
  });
  afterAll(() => stopServers(servers));

  const create = (name: string) => CaptureWorld.create(servers, name, { schema: SCHEMA, queues: QUEUES });
  const insert = (id: number) => `INSERT INTO items VALUES (${id}, 'x')`;
  const contexts = async (world: CaptureWorld, count: number) =>
    Object.fromEntries(
      (await world.waitForChanges('items', count)).map(({ after, context }) => [after?.id, context?.actor]),
    );

  it('is on every change after it; a later one replaces it; a rolled-back one never was', async () => {
    await using world = await create('ctx_order');
    const capture = world.capture();
    const { client } = world;
    await client.query('BEGIN');
    await client.query(insert(1));
    await withContext(client, { actor: 'ada', reason: 'a "quoted" reason\n' });
    await client.query(insert(2));
    await client.query('SAVEPOINT a');
    await withContext(client, { actor: 'nobody' });
    await client.query(insert(99));
    await client.query('ROLLBACK TO a');
    await client.query(insert(3));
    await withContext(client, { actor: 'grace' });
    await client.query(insert(4));
    await client.query('COMMIT');
    await client.query(insert(5));
    await client.query('BEGIN');
    await withContext(client, { actor: 'lost' });
    await client.query('ROLLBACK');
    await client.query(insert(6));
    expect(await contexts(world, 6)).toEqual({
      1: undefined,
      2: 'ada',
      3: 'ada',
      4: 'grace',
      5: undefined,
      6: undefined,
    });
    await capture.stop();
  });

  it('said after the rows is on none of them, nor on the next transaction; the largest there may be is', async () => {
    await using world = await create('ctx_late');
    const capture = world.capture();
    const { client } = world;
    const largest = 'x'.repeat(8192 - Buffer.byteLength('{"actor":""}'));
    await client.query('BEGIN');
    await client.query(insert(1));
    await client.query('UPDATE items SET name = $1', ['y']);
    await withContext(client, { actor: 'late' });
    await client.query('COMMIT');
    await client.query(insert(2));
    await client.query('BEGIN');
    await withContext(client, { actor: largest });
    await client.query('DELETE FROM items WHERE id = 1');
    await client.query('TRUNCATE items');
    await client.query('COMMIT');
    const changes = await world.waitForChanges('items', 5);
    expect(changes.map(({ op, context }) => [op, context?.actor])).toEqual([
      ['insert', undefined],
      ['update', undefined],
      ['insert', undefined],
      ['delete', largest],
      ['truncate', largest],
    ]);
    await capture.stop();
  });

  it('does not mix with that of concurrent transactions', async () => {
    await using world = await create('ctx_concurrent');
    const capture = world.capture();
    const clients = await Promise.all(
      [10, 20, 30].map(async () => {
        const client = new Client(world.databaseUrl);
        await client.connect();
        await client.query('BEGIN');
        return client;
      }),
    );
    for (const [index, client] of clients.entries()) {
      await withContext(client, { actor: `actor ${index}` });
      await client.query(insert(index));
    }
    for (const [index, client] of clients.entries()) await client.query(insert(10 + index));
    for (const client of clients.reverse()) {
      await client.query('COMMIT');
      await client.end();
    }
    expect(await contexts(world, 6)).toEqual({
      0: 'actor 0',
      1: 'actor 1',
      2: 'actor 2',
      10: 'actor 0',
      11: 'actor 1',
      12: 'actor 2',
    });
    await capture.stop();
  });

  it('that cannot be read is left out and counted; messages of others and without a transaction are ignored', async () => {
    await using world = await create('ctx_bad');
    const { source, redis } = world.config;
    const capture = await CaptureProcess.start({
      databaseUrl: world.databaseUrl,
      redisUrl: servers.redis.url,
      config: { source: { slot: source.slot }, redis: { prefix: redis.prefix }, queues: QUEUES },
    });
    const emit = async (transactional: boolean, prefix: string, content: string, id: number) => {
      await world.client.query('BEGIN');
      await world.client.query('SELECT pg_logical_emit_message($1, $2, $3::text)', [
        transactional,
        prefix,
        content,
      ]);
      await world.client.query(insert(id));
      await world.client.query('COMMIT');
    };
    await emit(true, 'walmq.context', '{"actor": "ada"', 1);
    await emit(true, 'walmq.context', '["ada"]', 2);
    await emit(true, 'walmq.context', JSON.stringify({ actor: 'x'.repeat(9000) }), 3);
    await emit(false, 'walmq.context', '{"actor": "ada"}', 4);
    await emit(true, 'somebody.else', '{"actor": "ada"}', 5);
    expect(Object.values(await contexts(world, 5))).toEqual(Array.from({ length: 5 }));
    expect(await capture.metric('walmq_capture_contexts_refused_total')).toBe(3);
    expect(await capture.end('SIGTERM')).toBe(0);
    await expect(withContext(world.client, { actor: 'x'.repeat(9000) })).rejects.toMatchObject({
      code: 'CONTEXT_TOO_LARGE',
    });
  });

  it('is on every change of a large transaction, through a capture killed in the middle of it', async () => {
    await using world = await create('ctx_killed');
    const { source, redis } = world.config;
    const start = () =>
      CaptureProcess.start({
        databaseUrl: world.databaseUrl,
        redisUrl: servers.redis.url,
        config: { source: { slot: source.slot }, redis: { prefix: redis.prefix }, queues: QUEUES },
      });
    await world.client.query('BEGIN');
    await withContext(world.client, { actor: 'ada' });
    await world.client.query("INSERT INTO items SELECT i, 'x' FROM generate_series(1, 20000) i");
    await world.client.query('COMMIT');
    const first = await start();
    const enqueued = () => world.redis.llen(`${redis.prefix}:items:wait`);
    await expect.poll(enqueued, { timeout: 60_000, interval: 5 }).toBeGreaterThan(500);
    await first.end('SIGKILL');
    const second = await start();
    await expect.poll(enqueued, { timeout: 60_000 }).toBe(20_000);
    expect(new Set(Object.values(await contexts(world, 20_000)))).toEqual(new Set(['ada']));
    expect(await second.end('SIGTERM')).toBe(0);
  });
});
