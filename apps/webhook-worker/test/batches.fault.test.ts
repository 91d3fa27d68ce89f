import { join } from 'node:path';
import type { Change } from '@walmq/change';
import {
  type AppProcess,
  eventually,
  Receiver,
  SECRET,
  type Servers,
  startApp,
  startServers,
  stopServers,
  writeConfig,
} from '@walmq/testing';
import { WorkerWorld } from '@walmq/worker/fixture';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const APP = join(import.meta.dirname, '..');
const ORDERS = 8;
const REVISIONS = 3;
const CHANGES = ORDERS * REVISIONS;

interface Order {
  readonly id: number;
  readonly revision: number;
}

describe('webhook-worker, with several changes in a request', () => {
  let servers: Servers;
  beforeAll(async () => {
    servers = await startServers();
  });
  afterAll(async () => {
    await stopServers(servers);
  });

  it('killed between a request and its record, sends those changes again under their own ids, in order', async () => {
    const queues = { crm: { table: 'orders', stalledAfterMs: 1000, maxStalledCount: 1000 } };
    await using world = await WorkerWorld.create(servers, 'batches', { queues });
    await using receiver = await Receiver.start();
    const allowed = { allowHttp: true, allowAddresses: ['127.0.0.0/8', '::1/128'] };
    const endpoint = { url: receiver.url, secrets: [{ env: 'SECRET' }], ...allowed };
    const env = {
      DATABASE_URL: world.databaseUrl,
      REDIS_URL: servers.redis.url,
      SECRET,
      WALMQ_CONFIG: await writeConfig({ redis: { prefix: world.prefix }, queues }),
      WALMQ_WEBHOOKS: await writeConfig({
        endpoints: { crm: { ...endpoint, batch: { size: ORDERS, waitMs: 200 } } },
      }),
    };
    for (let id = 1; id <= ORDERS; id++) {
      const rows = Array.from({ length: REVISIONS }, (_, revision): Order => ({ id, revision }));
      await world.addInOrder(
        'crm',
        rows.map(after => world.change('insert', 'orders', { after })),
      );
    }

    // The receiver has accepted the first request when its sender dies, before it can record the answer.
    const killed: AppProcess = startApp(APP, env);
    receiver.reply = async () => {
      if (receiver.received.length === 1) await killed.end('SIGKILL');
      return { status: 204 };
    };
    expect(await killed.ended).toBe('SIGKILL');
    const survivor = startApp(APP, env);
    await eventually(async () => expect(await world.countOf('crm', 'completed')).toBe(CHANGES));
    expect(await survivor.end('SIGTERM')).toBe('exit 0');

    const requests = receiver.received.map(({ body }) => itemsOf(body));
    const [interrupted = []] = requests;
    expect(interrupted.length).toBeGreaterThan(1);
    const again = new Set(interrupted.map(({ id }) => id));
    const seen = new Map<string, Change<Order>>();
    const revisions = new Map<number, number[]>();
    for (const request of requests) {
      const keys = request.map(({ change }) => change.after?.id);
      expect(new Set(keys).size).toBe(keys.length);
      for (const { id, change } of request) {
        expect(seen.get(id) ?? change).toEqual(change);
        const { id: key, revision } = change.after as Order;
        if (!seen.has(id)) revisions.set(key, [...(revisions.get(key) ?? []), revision]);
        seen.set(id, change);
      }
    }
    const times = (id: string) => requests.flat().filter(item => item.id === id).length;
    for (const id of seen.keys()) expect(times(id)).toBe(again.has(id) ? 2 : 1);
    expect([...revisions.values()]).toEqual(Array(ORDERS).fill([0, 1, 2]));
    expect(await world.rows("SELECT FROM walmq.effects WHERE state <> 'done'")).toEqual([]);
  });
});

/** The changes of a request, each with its own id. */
function itemsOf(body: string) {
  const { ids, data } = JSON.parse(body) as {
    readonly ids: readonly string[];
    readonly data: readonly { readonly data: Change<Order> }[];
  };
  return data.map(({ data: change }, index) => ({ id: ids[index] as string, change }));
}
