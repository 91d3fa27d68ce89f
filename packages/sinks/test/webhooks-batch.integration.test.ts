import type { Change } from '@walmq/change';
import { type Received, Receiver, SECRET, type Servers, startServers, stopServers } from '@walmq/testing';
import { WorkerWorld } from '@walmq/worker/fixture';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { WebhookBatch, WebhookEndpoint } from '../src/webhooks/configure/endpoint.js';
import { parseSecrets } from '../src/webhooks/configure/secret.js';
import { webhookWorker } from '../src/webhooks/deliver.js';
import { payloadOf, type WebhookPayload } from '../src/webhooks/request/payload.js';

interface BatchBody {
  readonly type: string;
  readonly timestamp: string;
  readonly ids: readonly string[];
  readonly data: readonly WebhookPayload[];
}

const SIZE = 8;

function read({ body, headers }: Received): BatchBody {
  return new Webhook(SECRET).verify(body, headers) as BatchBody;
}

/** The changes of a request, by their ids. */
function changesIn(received: Received): string[] {
  return read(received).data.map(({ data }) => data.id);
}

describe('a webhook for several changes', () => {
  let servers: Servers;
  beforeAll(async () => {
    servers = await startServers();
  });
  afterAll(async () => {
    await stopServers(servers);
  });

  const create = (name: string) =>
    WorkerWorld.create(servers, name, { queues: { crm: { table: 'orders' } } });
  const start = (
    world: WorkerWorld,
    receiver: Receiver,
    batch: Partial<WebhookBatch> | undefined = {},
    own: Partial<WebhookEndpoint> = {},
  ) => {
    const endpoint: WebhookEndpoint = {
      queue: 'crm',
      url: new URL(receiver.url),
      keys: parseSecrets(SECRET, 'crm'),
      ca: receiver.ca,
      timeoutMs: 15_000,
      allowAddresses: ['127.0.0.0/8', '::1/128'],
      payload: payloadOf,
      batch: { size: SIZE, waitMs: 1000, maxBytes: 1_000_000, ...batch },
      ...own,
    };
    return world.start(webhookWorker({ endpoint, queues: world.queues }));
  };
  const changes = (world: WorkerWorld, count = SIZE) =>
    Array.from({ length: count }, (_, id) => world.change('insert', 'orders', { after: { id } }));
  const addAll = (world: WorkerWorld, list: readonly Change<object>[], attempts = 5) =>
    Promise.all(list.map(change => world.add('crm', change, { attempts })));
  const endings = async (world: WorkerWorld, jobs: Awaited<ReturnType<typeof addAll>>) =>
    await Promise.all(jobs.map(job => world.ending('crm', job)));

  it('is signed, and has the bodies and the ids that single requests have', async () => {
    await using world = await create('whole');
    await using receiver = await Receiver.start({ tls: true });
    const list = changes(world);
    const jobs = await addAll(world, list);
    start(world, receiver);
    const ended = await endings(world, jobs);
    expect(receiver.received).toHaveLength(1);
    const [received] = receiver.received as [Received];
    const { data, ids, ...frame } = read(received);
    const id = received.headers['webhook-id'];
    expect(frame).toEqual({ type: 'walmq.batch', timestamp: list.at(-1)?.tx.committedAt });
    expect(id).toMatch(/^msg_[0-9a-f]{32}$/);
    for (const { state, ...rest } of ended)
      expect({ state, ...rest }).toMatchObject({
        state: 'completed',
        tries: 1,
        result: { action: 'delivered', webhook_id: id, status: 204 },
      });

    // The same changes, to an endpoint without batches.
    await using singles = await create('whole_single');
    start(singles, receiver, undefined, { batch: undefined });
    for (const change of list) await singles.process('crm', change);
    const alone = receiver.received.slice(1);
    expect(alone.map(({ body }) => JSON.parse(body) as unknown)).toEqual(data);
    expect(alone.map(({ headers }) => headers['webhook-id'])).toEqual(ids);
    expect(received.body).toContain(`[${alone.map(({ body }) => body).join(',')}]`);
  });

  it('comes again whole, with the same id and body, where the endpoint is at fault', async () => {
    await using world = await create('again');
    await using receiver = await Receiver.start();
    const statuses = [404, 503, 302, 429];
    receiver.reply = () => ({ status: statuses.shift() ?? 200 });
    const jobs = await addAll(world, changes(world), 10);
    start(world, receiver);
    for (const ending of await endings(world, jobs))
      expect(ending).toMatchObject({ state: 'completed', tries: 5 });
    expect(receiver.received).toHaveLength(5);
    expect(new Set(receiver.ids()).size).toBe(1);
    expect(new Set(receiver.received.map(({ body }) => body)).size).toBe(1);
    expect(world.logged.filter(({ event }) => event === 'batch:split')).toEqual([]);
  });

  it.each([400, 413, 500])(
    'with one poisonous change (%i) delivers the others at once, and once',
    async status => {
      await using world = await create(`poison_${status}`);
      await using receiver = await Receiver.start();
      const list = changes(world);
      const poison = list[3]?.id as string;
      const accepted: string[] = [];
      receiver.reply = received => {
        const ids = changesIn(received);
        if (ids.includes(poison)) return { status };
        accepted.push(...ids);
        return { status: 200 };
      };
      const jobs = await addAll(world, list, 2);
      start(world, receiver);
      const ended = await endings(world, jobs);
      for (const [index, ending] of ended.entries())
        expect(ending).toMatchObject(
          index === 3
            ? {
                state: 'failed',
                tries: 2,
                reason: `WEBHOOK_REFUSED: the endpoint answered ${status}.`,
              }
            : { state: 'completed', tries: 1 },
        );
      expect(accepted.toSorted()).toEqual(list.map(({ id }) => id).filter(id => id !== poison));
    },
  );

  it.each([
    [
      'waits without a split as long as a busy receiver asks',
      { status: 429, headers: { 'retry-after': '3600' } },
    ],
    ['fails for good without a split at 410', { status: 410 }],
  ])('%s, also on the last attempt', async (_, reply) => {
    await using world = await create(`whole_${reply.status}`);
    await using receiver = await Receiver.start();
    receiver.reply = () => reply;
    const jobs = await addAll(world, changes(world), 1);
    // Cut into several bodies, of which only the first is sent.
    start(world, receiver, { maxBytes: 1000 });
    const state = reply.status === 410 ? 'failed' : 'delayed';
    for (const job of jobs) await expect.poll(() => world.stateOf('crm', job)).toBe(state);
    expect(receiver.received).toHaveLength(1);
    expect(await world.rows("SELECT FROM walmq.effects WHERE state = 'done'")).toEqual([]);
  });

  it('is not cut before the last attempt when nothing is answered', async () => {
    await using world = await create('silent');
    await using receiver = await Receiver.start();
    receiver.reply = () =>
      receiver.received.length < 3 ? new Promise(() => {}) : Promise.resolve({ status: 200 });
    const jobs = await addAll(world, changes(world));
    start(world, receiver, {}, { timeoutMs: 300 });
    for (const ending of await endings(world, jobs))
      expect(ending).toMatchObject({ state: 'completed', tries: 3 });
    expect(receiver.received).toHaveLength(3);
  });

  it('is cut into bodies within the limit', async () => {
    await using world = await create('cut');
    await using receiver = await Receiver.start();
    const list = changes(world).map((change, index) => ({
      ...change,
      after: { id: index, text: 'ä'.repeat(index === 2 ? 3000 : 300) },
    }));
    const jobs = await addAll(world, list);
    start(world, receiver, { maxBytes: 2500 });
    for (const ending of await endings(world, jobs))
      expect(ending).toMatchObject({ state: 'completed', tries: 1 });
    const counts = receiver.received.map(received => changesIn(received).length);
    expect(counts).toEqual([2, 1, 2, 2, 1]);
    expect(receiver.received.flatMap(changesIn)).toEqual(list.map(({ id }) => id));
    for (const { body } of receiver.received)
      if ((JSON.parse(body) as BatchBody).data.length > 1)
        expect(Buffer.byteLength(body)).toBeLessThanOrEqual(2500);
  });

  it('leaves out what its endpoint does not take, and whose payload fails', async () => {
    await using world = await create('shaped');
    await using receiver = await Receiver.start();
    const list = changes(world);
    const jobs = await addAll(world, list);
    start(
      world,
      receiver,
      {},
      {
        payload: ({ after }) => {
          if (after?.id === 1) throw new Error('a row: a@example.com');
          return after?.id === 2 ? undefined : { id: after?.id };
        },
      },
    );
    const ended = await endings(world, jobs);
    expect(ended.map(({ state }) => state)).toEqual(
      list.map((_, index) => (index === 1 ? 'failed' : 'completed')),
    );
    expect(ended[1]).toMatchObject({ reason: expect.not.stringContaining('a@example.com') as string });
    expect(ended[2]).toMatchObject({ result: { action: 'not_sent' } });
    expect(receiver.received).toHaveLength(1);
    expect(read(receiver.received[0] as Received).data).toEqual([0, 3, 4, 5, 6, 7].map(id => ({ id })));
  });

  it('shares its refusal with a second job of the same change', async () => {
    await using world = await create('twins');
    await using receiver = await Receiver.start();
    receiver.reply = () => ({ status: 410 });
    const [change] = changes(world, 1) as [Change<object>];
    const jobs = [await world.add('crm', change), await world.add('crm', change, { jobId: 'twin' })];
    start(world, receiver, { size: 2 });
    for (const ending of await endings(world, jobs))
      expect(ending).toMatchObject({ state: 'failed', tries: 1 });
    expect(receiver.received).toHaveLength(1);
  });
});
