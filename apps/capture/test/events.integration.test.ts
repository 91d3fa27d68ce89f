import { publish, withContext } from '@walmq/outbox';
import { type Servers, startServers, stopServers } from '@walmq/testing';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CaptureWorld } from './capture-fixture.js';

const SCHEMA = 'CREATE TABLE items (id integer PRIMARY KEY, name text)';
const QUEUES = { items: { table: 'items' }, emails: { messages: true } };

describe('events as messages', () => {
  let servers: Servers;
  beforeAll(async () => {
    servers = await startServers();
  });
  afterAll(() => stopServers(servers));

  const create = (name: string, queues: Parameters<typeof CaptureWorld.create>[2]['queues'] = QUEUES) =>
    CaptureWorld.create(servers, name, { schema: SCHEMA, queues });
  const insert = (id: number) => `INSERT INTO items VALUES (${id}, 'x')`;
  const emit = (client: Client, prefix: string, content: string | Buffer, transactional = true) =>
    client.query(
      `SELECT pg_logical_emit_message($1, $2, $3::${typeof content === 'string' ? 'text' : 'bytea'})`,
      [transactional, prefix, content],
    );
  const payloads = (changes: { after: unknown }[]) =>
    changes.map(({ after }) => (after as { payload: unknown }).payload);

  it('are jobs once committed, numbered with the rows, as they were sent and with their context', async () => {
    await using world = await create('events_commit');
    const capture = world.capture();
    const { client } = world;
    await client.query('BEGIN');
    await client.query(insert(1));
    await withContext(client, { actor: 'ada' });
    const sent = '{"type": "order.paid", "key": 42, "payload": {"total": 12345678901234567890.12}}';
    await emit(client, 'walmq.event.emails', sent);
    await client.query(insert(2));
    await client.query('COMMIT');

    const rows = await world.waitForChanges('items', 2);
    const [event] = await world.waitForChanges('emails', 1);
    expect(rows.map(({ tx }) => tx.seq)).toEqual([1, 3]);
    expect(event).toMatchObject({
      op: 'message',
      schema: 'walmq',
      table: 'event',
      key: { key: 42 },
      before: null,
      tx: { ...rows[0]?.tx, seq: 2 },
      context: { actor: 'ada' },
    });
    const [job] = [...(await world.jobKeys('emails')).values()];
    const [name, data] = await world.redis.hmget(job as string, 'name', 'data');
    expect(name).toBe('order.paid');
    expect(data).toContain(`"after":${sent},`);
    await capture.stop();
  });

  it('are none of a transaction, or a part of it, that was rolled back', async () => {
    await using world = await create('events_rollback');
    const capture = world.capture();
    const { client } = world;
    const say = (payload: string) => publish(client, 'emails', { type: 'said', payload });
    await client.query('BEGIN');
    await say('rolled back');
    await client.query('ROLLBACK');
    await client.query('BEGIN');
    await say('first');
    await client.query('SAVEPOINT a');
    await say('lost with a');
    await client.query('SAVEPOINT b');
    await say('lost with b, in a');
    await client.query('RELEASE b');
    await client.query('ROLLBACK TO a');
    await client.query('SAVEPOINT c');
    await say('kept in c');
    await client.query('RELEASE c');
    await client.query('COMMIT');
    await say('alone');
    const changes = await world.waitForChanges('emails', 3);
    expect(payloads(changes)).toEqual(['first', 'kept in c', 'alone']);
    expect(changes.map(({ tx }) => tx.seq)).toEqual([1, 2, 1]);
    await world.waitUntilAcknowledged();
    await capture.stop();
  });

  it('come in the order of the commits, where transactions run at the same time', async () => {
    await using world = await create('events_concurrent');
    const capture = world.capture();
    const clients = await Promise.all(
      [0, 1, 2].map(async () => {
        const client = new Client(world.databaseUrl);
        await client.connect();
        await client.query('BEGIN');
        return client;
      }),
    );
    for (const round of [1, 2])
      for (const [index, client] of clients.entries())
        await publish(client, 'emails', { type: 'said', payload: [index, round] });
    for (const client of clients.reverse()) {
      await client.query('COMMIT');
      await client.end();
    }
    const expected = [2, 1, 0].flatMap(index => [1, 2].map(round => [index, round]));
    expect(payloads(await world.waitForChanges('emails', 6))).toEqual(expected);
    await capture.stop();
  });

  it('wait for the earlier ones of their key, and have options of their own', async () => {
    await using world = await create('events_options');
    const capture = world.capture();
    const { client } = world;
    await client.query('BEGIN');
    for (const payload of [1, 2]) await publish(client, 'emails', { type: 'a', key: 'ada', payload });
    await publish(client, 'emails', { type: 'b', options: { delayMs: 3_600_000, attempts: 2 } });
    await publish(client, 'emails', { type: 'c', options: { priority: 7 } });
    for (const payload of [1, 2])
      await publish(client, 'emails', { type: 'd', payload, options: { deduplication: { id: 'daily' } } });
    await client.query('COMMIT');
    await world.waitForChanges('emails', 5);
    const keys = await world.jobKeys('emails');
    const base = `${world.config.queues.emails?.prefix}:emails:`;
    const typesIn = async (ids: string[]) =>
      await Promise.all(ids.map(id => world.redis.hget(`${base}${id}`, 'name')));
    expect(keys.size).toBe(5);
    expect(await typesIn(await world.redis.lrange(`${base}wait`, 0, -1))).toEqual(['d', 'a']);
    expect(await typesIn(await world.redis.zrange(`${base}waiting-children`, '0', '-1'))).toEqual(['a']);
    expect(await typesIn(await world.redis.zrange(`${base}prioritized`, '0', '-1'))).toEqual(['c']);
    const delayed = await world.redis.zrange(`${base}delayed`, '0', '-1');
    expect(await typesIn(delayed)).toEqual(['b']);
    expect(JSON.parse((await world.redis.hget(`${base}${delayed[0]}`, 'opts')) as string)).toMatchObject({
      attempts: 2,
      backoff: { type: 'exponential' },
    });
    await capture.stop();
  });

  it('that nobody can read or nobody takes go to a queue of their own, and hold up nothing', async () => {
    await using world = await create('events_bad');
    const malformed: { reason: string; changeId: string | undefined }[] = [];
    const capture = world.capture({
      'event-malformed': ({ reason, changeId }) => malformed.push({ reason, changeId }),
    });
    const { client } = world;
    const bytes = Buffer.from([0x7b, 0xff, 0x00]);
    await emit(client, 'walmq.event.emails', '{"type": "a"');
    await emit(client, 'walmq.event.emails', bytes);
    await emit(client, 'walmq.event.emails', '{"type": 1, "options": {"delayMs": -1}}');
    await emit(client, 'walmq.event.emails', '{"type": "a", "secretish": 1}');
    await emit(client, 'walmq.event.email', '{"type": "a"}');
    await emit(client, 'walmq.event.items', '{"type": "a"}');
    await emit(client, 'walmq.event.', '{"type": "a"}');
    await emit(client, 'walmq.event.emails', '{"type": "a"}', false);
    await emit(client, 'somebody.else', '{"type": "a"}');
    await publish(client, 'emails', { type: 'good' });

    expect((await world.waitForChanges('emails', 1))[0]?.after).toEqual({ type: 'good' });
    const changes = await world.waitForChanges('walmq.dead-letter', 7);
    expect(changes.map(({ reason }) => reason)).toEqual([
      'it is not JSON',
      'it is not UTF-8',
      expect.stringMatching(/^type: .*; options\.delayMs: /),
      'it has a field that is not known',
      ...Array(3).fill('no queue of that name takes messages'),
    ]);
    expect(changes.map(({ after }) => after?.queue)).toEqual([
      ...Array(4).fill('emails'),
      'email',
      'items',
      '',
    ]);
    expect(changes[1]?.after?.content).toBe(bytes.toString('base64'));
    expect(malformed.map(({ changeId }) => changeId)).toEqual([
      ...changes.map(({ id }) => id),
      ...Array(1).fill(undefined),
    ]);
    expect(malformed.map(({ reason }) => reason).join()).not.toContain('secretish');
    await capture.stop();
  });

  it('of more than 1 MiB are refused where they are sent; from plain SQL their beginning is kept', async () => {
    await using world = await create('events_large');
    const capture = world.capture();
    const event = { type: 'a', payload: 'x'.repeat(1024 * 1024) };
    await world.client.query('BEGIN');
    await expect(publish(world.client, 'emails', event)).rejects.toMatchObject({ code: 'EVENT_TOO_LARGE' });
    await expect(publish(world.client, 'emails', { type: '' })).rejects.toMatchObject({
      code: 'EVENT_INVALID',
    });
    await publish(world.client, 'emails', { type: 'in the same transaction' });
    await world.client.query('COMMIT');
    await emit(world.client, 'walmq.event.emails', JSON.stringify(event));
    await publish(world.client, 'emails', { type: 'good' });
    await world.waitForChanges('emails', 2);
    const [refused] = await world.waitForChanges('walmq.dead-letter', 1);
    expect(refused?.reason).toMatch(/^it has 10486\d\d bytes, and 1048576 are allowed$/);
    expect(Buffer.from(refused?.after?.content as string, 'base64').length).toBe(1024 * 1024);
    await capture.stop();
  });

  it('without a queue that takes any are told of, and nothing else', async () => {
    await using world = await create('events_none', { items: { table: 'items' } });
    const reasons: string[] = [];
    const capture = world.capture({ 'event-malformed': ({ reason }) => reasons.push(reason) });
    await publish(world.client, 'emails', { type: 'a' });
    await world.client.query(insert(1));
    await world.waitForChanges('items', 1);
    expect(reasons).toEqual(['no queue of that name takes messages']);
    expect(Object.keys(world.config.queues)).toEqual(['items']);
    await capture.stop();
  });
});
