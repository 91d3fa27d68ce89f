import { lookup } from 'node:dns/promises';
import { Receiver, SECRET, type Servers, startServers, stopServers } from '@walmq/testing';
import { WorkerWorld } from '@walmq/worker/fixture';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { WebhookEndpoint } from '../src/webhooks/configure/endpoint.js';
import { parseSecrets } from '../src/webhooks/configure/secret.js';
import { webhookWorker } from '../src/webhooks/deliver.js';
import { payloadOf } from '../src/webhooks/request/payload.js';
import { SilentNameServer } from './silent-name-server-fixture.js';

const NEW_SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const ORDER = { id: 1, customer_email: 'a@example.com', status: 'pending' };

describe('a webhook', () => {
  let servers: Servers;
  beforeAll(async () => {
    servers = await startServers();
  });
  afterAll(async () => {
    await stopServers(servers);
  });

  const create = (name: string) =>
    WorkerWorld.create(servers, name, {
      queues: { crm: { tables: ['orders', 'sales.orders'] }, erp: { table: 'orders' } },
    });
  const start = (world: WorkerWorld, receiver: Receiver, own: Partial<WebhookEndpoint> = {}) => {
    const endpoint: WebhookEndpoint = {
      queue: 'crm',
      url: new URL(receiver.url),
      keys: parseSecrets(SECRET, 'crm'),
      ca: receiver.ca,
      timeoutMs: 15_000,
      allowAddresses: ['127.0.0.0/8', '::1/128'],
      payload: payloadOf,
      ...own,
    };
    return world.start(webhookWorker({ endpoint, queues: world.queues }));
  };
  const inserted = (world: WorkerWorld, after: object = ORDER) => world.change('insert', 'orders', { after });

  it('is the change, signed, over HTTPS', async () => {
    await using world = await create('signed');
    await using receiver = await Receiver.start({ tls: true });
    start(world, receiver);
    const change = {
      ...inserted(world),
      schema: 'sales',
      context: { actor: 'nobody outside needs to know' },
    };
    const ending = await world.process('crm', change);
    expect(receiver.received).toHaveLength(1);
    const { headers, body, path } = receiver.received[0]!;
    const id = headers['webhook-id'];
    expect(ending).toEqual({
      state: 'completed',
      tries: 1,
      result: { action: 'delivered', webhook_id: id, status: 204 },
    });
    expect(id).toMatch(/^msg_[0-9a-f]{32}$/);
    expect(headers).toMatchObject({ 'content-type': 'application/json', 'user-agent': 'walmq' });
    expect(path).toBe('/hook');
    const { context: _, ...data } = change;
    const payload = { type: 'sales.orders.insert', timestamp: change.tx.committedAt, data };
    expect(new Webhook(SECRET).verify(body, headers)).toEqual(payload);
    expect(() => new Webhook(NEW_SECRET).verify(body, headers)).toThrow();
    expect(() => new Webhook(SECRET).verify(body.replace('pending', 'paid'), headers)).toThrow();
    expect(JSON.stringify(world.logged)).not.toMatch(/example\.com|\/hook|whsec/);
  });

  it('is signed with the old and the new secret while they change', async () => {
    await using world = await create('rotated');
    await using receiver = await Receiver.start();
    start(world, receiver, { keys: parseSecrets(`${NEW_SECRET} ${SECRET}`, 'crm') });
    await world.process('crm', inserted(world));
    const { headers, body } = receiver.received[0]!;
    for (const secret of [SECRET, NEW_SECRET])
      expect(new Webhook(secret).verify(body, headers)).toMatchObject({ type: 'orders.insert' });
  });

  it('comes again after a failure with the same id and body, and not after a success', async () => {
    await using world = await create('again');
    await using receiver = await Receiver.start();
    start(world, receiver);
    const statuses = [500, 404, 302, 200];
    receiver.reply = () => ({ status: statuses.shift() ?? 200, headers: { location: '/elsewhere' } });
    const change = inserted(world);
    expect(await world.process('crm', change)).toMatchObject({ state: 'completed', tries: 4 });
    expect(new Set(receiver.ids()).size).toBe(1);
    expect(new Set(receiver.received.map(({ body }) => body)).size).toBe(1);
    expect(receiver.received.map(({ path }) => path)).toEqual(Array(4).fill('/hook'));
    // The same change, enqueued again.
    expect(await world.process('crm', change, { jobId: 'again' })).toMatchObject({ result: { status: 200 } });
    expect(receiver.received).toHaveLength(4);
  });

  it('sends events under their own type, by message or by table', async () => {
    await using world = await WorkerWorld.create(servers, 'events', {
      queues: { crm: { tables: ['orders'], messages: true, outbox: 'order' } },
    });
    await using receiver = await Receiver.start();
    start(world, receiver);
    const after = { type: 'order.paid', key: 7, payload: { total: '9.99' } };
    const message = { ...world.change<object>('message', 'event', { after }), schema: 'walmq' };
    await world.process('crm', message, { name: 'order.paid' });
    const row = world.change('insert', 'outbox', { after: { type: 'order.shipped' } });
    await world.process('crm', row, { name: 'order.shipped' });
    await world.process('crm', inserted(world));
    expect(receiver.received.map(({ body }) => JSON.parse(body) as object)).toMatchObject([
      { type: 'order.paid', data: { op: 'message', after } },
      { type: 'order.shipped', data: { op: 'insert', table: 'outbox' } },
      { type: 'orders.insert' },
    ]);
  });

  it('has an id of its own for every change and every endpoint', async () => {
    await using world = await create('ids');
    await using receiver = await Receiver.start();
    for (const queue of ['crm', 'erp']) start(world, receiver, { queue });
    const changes = [inserted(world), inserted(world)];
    for (const change of changes) for (const queue of ['crm', 'erp']) await world.process(queue, change);
    expect(new Set(receiver.ids()).size).toBe(4);
  });

  it('fails for good at 410, and says so', async () => {
    await using world = await create('gone');
    await using receiver = await Receiver.start();
    start(world, receiver);
    receiver.reply = () => ({ status: 410 });
    expect(await world.process('crm', inserted(world))).toMatchObject({
      state: 'failed',
      tries: 1,
      reason: expect.stringContaining('the endpoint answered 410 Gone') as string,
    });
  });

  it('waits as long as a busy receiver asks, without losing an attempt', async () => {
    await using world = await create('busy');
    await using receiver = await Receiver.start();
    start(world, receiver);
    const waits = ['1', '1'];
    receiver.reply = () => {
      const wait = waits.shift();
      return wait === undefined ? { status: 200 } : { status: 429, headers: { 'retry-after': wait } };
    };
    const ending = await world.process('crm', inserted(world), { attempts: 1 });
    expect(ending).toMatchObject({ state: 'completed', tries: 1 });
    expect(receiver.received).toHaveLength(3);
    expect(world.logged.filter(({ event }) => event === 'change:postponed')).toHaveLength(2);
    receiver.reply = () => ({ status: 503, headers: { 'retry-after': '3600' } });
    const late = await world.add('crm', inserted(world), { attempts: 1 });
    await expect.poll(() => world.stateOf('crm', late)).toBe('delayed');
    expect(receiver.received).toHaveLength(4);
  });

  it('fails when nothing is answered in time, and when nobody listens', async () => {
    await using world = await create('silent');
    const closed = await Receiver.start();
    const url = new URL(closed.url);
    await closed[Symbol.asyncDispose]();
    await using silent = await Receiver.start();
    silent.reply = () => new Promise(() => {});
    start(world, silent, { timeoutMs: 50 });
    start(world, silent, { queue: 'erp', url });
    expect(await world.process('crm', inserted(world), { attempts: 2 })).toEqual({
      state: 'failed',
      tries: 2,
      reason: 'WEBHOOK_TIMEOUT: the endpoint did not answer within 50 ms.',
    });
    expect(await world.process('erp', inserted(world), { attempts: 1 })).toMatchObject({
      state: 'failed',
      reason: expect.stringContaining('WEBHOOK_UNREACHABLE') as string,
    });
  });

  it('takes nothing from the others where names are not answered for, and asks once for a name', async () => {
    const names = ['a', 'b', 'c', 'd', 'e'];
    await using nameServer = await SilentNameServer.start();
    await using receiver = await Receiver.start();
    await using world = await WorkerWorld.create(servers, 'nameless', {
      queues: Object.fromEntries([...names, 'living'].map(name => [name, { table: 'orders' }])),
    });
    const pending = names.map(name => world.add(name, inserted(world), { attempts: 1 }));
    const repeated = Array.from({ length: 9 }, () => world.add('a', inserted(world), { attempts: 1 }));
    await Promise.all([...pending, ...repeated]);
    const nameServers = [nameServer.address];
    for (const queue of names)
      start(world, receiver, { queue, url: new URL(`http://${queue}.example/hook`), nameServers });
    await expect.poll(() => new Set(nameServer.asked).size).toBe(names.length);
    // Their look-ups are under way: whatever else the process needs a name for comes to its turn.
    start(world, receiver, { queue: 'living', nameServers });
    const living = await Promise.all(
      Array.from({ length: 20 }, () => world.process('living', inserted(world), { attempts: 1 })),
    );
    expect(living.map(({ state }) => state)).toEqual(Array(20).fill('completed'));
    expect(await lookup('localhost')).toMatchObject({ address: '127.0.0.1' });
    // Two questions, for IPv4 and IPv6, and each again once: however many changes wait for the name.
    expect(nameServer.asked.filter(name => name === 'a.example').length).toBeLessThanOrEqual(4);
    expect(await world.process('b', inserted(world), { attempts: 1 })).toMatchObject({
      state: 'failed',
      reason: expect.stringMatching(/^WEBHOOK_UNREACHABLE: .* b\.example cannot be resolved/) as string,
    });
  });

  it('does not go to a receiver whose certificate nobody vouches for', async () => {
    await using world = await create('untrusted');
    await using receiver = await Receiver.start({ tls: true });
    start(world, receiver, { ca: undefined });
    expect(await world.process('crm', inserted(world), { attempts: 2 })).toMatchObject({
      state: 'failed',
      tries: 2,
      reason: expect.stringContaining('WEBHOOK_UNREACHABLE') as string,
    });
    expect(receiver.received).toEqual([]);
  });

  it('does not count a kept connection that was closed as a failure', async () => {
    await using world = await create('stale');
    await using receiver = await Receiver.start();
    start(world, receiver);
    await world.process('crm', inserted(world));
    receiver.resetNextOnKeptConnection();
    expect(await world.process('crm', inserted(world), { attempts: 1 })).toMatchObject({
      state: 'completed',
    });
    expect(receiver.received).toHaveLength(2);
    expect(receiver.resets).toBe(1);
  });

  it('reads no more of an answer than it needs', async () => {
    await using world = await create('talkative');
    await using receiver = await Receiver.start();
    start(world, receiver);
    receiver.reply = () => ({ status: 200, body: 'x'.repeat(50_000_000) });
    expect(await world.process('crm', inserted(world))).toMatchObject({ state: 'completed', tries: 1 });
  });

  it.each(['localhost', '127.0.0.1'])('does not go to %s unless it may', async host => {
    await using world = await create(`ssrf_${host === 'localhost' ? 'name' : 'literal'}`);
    await using receiver = await Receiver.start();
    const url = new URL(receiver.url);
    url.hostname = host;
    start(world, receiver, { url, allowAddresses: ['10.0.0.0/8'] });
    expect(await world.process('crm', inserted(world), { attempts: 1 })).toMatchObject({
      state: 'failed',
      reason: expect.stringMatching(`^WEBHOOK_ADDRESS_REFUSED: ${host} is not a public address`) as string,
    });
    expect(receiver.received).toEqual([]);
  });

  it('has the body its endpoint makes, or is not sent', async () => {
    await using world = await create('shaped');
    await using receiver = await Receiver.start();
    start(world, receiver, {
      payload: change => {
        if (change.op === 'truncate') throw new Error('a row: a@example.com');
        return change.op === 'insert' ? { type: 'order.created', order: change.after?.id } : undefined;
      },
    });
    await world.process('crm', inserted(world));
    const update = world.change('update', 'orders', { before: ORDER, after: { ...ORDER, status: 'paid' } });
    expect(await world.process('crm', update)).toMatchObject({ result: { action: 'not_sent' } });
    expect(receiver.received.map(({ body }) => body)).toEqual(['{"type":"order.created","order":1}']);
    expect(await world.process('crm', world.change('truncate', 'orders', {}))).toMatchObject({
      state: 'failed',
      tries: 1,
      reason: expect.not.stringContaining('a@example.com') as string,
    });
  });

  it('is refused at the start when its queue is not configured', async () => {
    await using world = await create('unknown');
    await using receiver = await Receiver.start();
    expect(() => start(world, receiver, { queue: 'shop' })).toThrow(
      expect.objectContaining({ code: 'QUEUE_UNKNOWN' }),
    );
  });
});
