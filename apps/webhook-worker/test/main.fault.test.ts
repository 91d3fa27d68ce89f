import { join } from 'node:path';
import type { Change } from '@walmq/change';
import { setUp } from '@walmq/setup';
import {
  type AppProcess,
  eventually,
  type Gate,
  gate,
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
const CAPTURE = join(APP, '../capture');
const ORDERS = 20;
const REVISIONS = 6;
const CHANGES = ORDERS * (1 + REVISIONS);

describe('webhook-worker, from a committed row to its receivers', () => {
  let servers: Servers;
  beforeAll(async () => {
    servers = await startServers();
  });
  afterAll(async () => {
    await stopServers(servers);
  });

  it('loses nothing, keeps the order of each row and the id of each change, killed beside a dead receiver', async () => {
    const queue = {
      table: 'orders',
      attempts: 1000,
      backoff: { type: 'fixed' as const, delayMs: 50 },
      stalledAfterMs: 1000,
      maxStalledCount: 1000,
    };
    const queues = { living: queue, dead: queue };
    await using world = await WorkerWorld.create(servers, 'delivered', {
      queues,
      schema: 'CREATE TABLE orders (id int PRIMARY KEY, revision int NOT NULL)',
    });
    const source = { slot: 'delivered', publication: 'walmq' };
    const client = await world.pool.connect();
    await setUp(client, { ...source, tables: [{ schema: 'public', table: 'orders' }] });
    client.release();
    await using living = await Receiver.start({ tls: true });
    await using dead = await Receiver.start();
    const allowed = { allowAddresses: ['127.0.0.0/8', '::1/128'], secrets: [{ env: 'SECRET' }] };
    const env = {
      DATABASE_URL: world.databaseUrl,
      REDIS_URL: servers.redis.url,
      SECRET,
      CA: living.ca as string,
      WALMQ_CONFIG: await writeConfig({ source, redis: { prefix: world.prefix }, queues }),
      WALMQ_WEBHOOKS: await writeConfig({
        endpoints: {
          living: { url: living.url, ca: { env: 'CA' }, ...allowed },
          dead: { url: dead.url, allowHttp: true, timeoutMs: 300, ...allowed },
        },
      }),
    };

    // The living one fails or is busy now and then, and holds one request at the moment of the kill.
    const held: Gate = gate();
    let heldId: string | undefined;
    living.reply = async ({ headers }) => {
      if (living.received.length === 30) {
        heldId = headers['webhook-id'];
        await held.pass();
      }
      const count = living.received.length;
      if (count % 7 === 0) return { status: 429, headers: { 'retry-after': '0' } };
      return { status: count % 4 === 0 ? 500 : 200 };
    };
    // The dead one takes requests and says nothing.
    dead.reply = () => new Promise(() => {});

    const capture = startApp(CAPTURE, env);
    let app: AppProcess = startApp(APP, env);
    for (let id = 1; id <= ORDERS; id++) await world.rows('INSERT INTO orders VALUES ($1, 0)', [id]);
    for (let revision = 1; revision <= REVISIONS; revision++)
      await world.rows('UPDATE orders SET revision = $1', [revision]);
    await held.reached;
    expect(await app.end('SIGKILL')).toBe('SIGKILL');
    held.open();
    app = startApp(APP, env);
    await eventually(async () => expect(await world.countOf('living', 'completed')).toBe(CHANGES));
    expectAllInOrder(living);
    expect(living.ids().filter(id => id === heldId).length).toBeGreaterThanOrEqual(2);
    expect(await world.countOf('dead', 'completed')).toBe(0);
    expect(await world.countOf('dead', 'failed')).toBe(0);

    dead.reply = () => ({ status: 200 });
    await eventually(async () => expect(await world.countOf('dead', 'completed')).toBe(CHANGES));
    expectAllInOrder(dead);
    expect(living.ids().filter(id => dead.ids().includes(id))).toEqual([]);
    expect(await app.end('SIGTERM')).toBe('exit 0');
    expect(await capture.end('SIGTERM')).toBe('exit 0');
    expect(app.output()).not.toMatch(/whsec_|revision|\/hook/);
  });

  it.each([
    [
      'a queue that is not configured',
      { shop: { url: 'https://example.com', secrets: [{ env: 'SECRET' }] } },
      { SECRET },
      'QUEUE_UNKNOWN: there is no queue "shop" in the configuration. ' +
        'Add it to walmq.config.ts, whose queues are: orders.',
    ],
    [
      'a secret that is not set',
      { orders: { url: 'https://example.com', secrets: [{ env: 'SECRET' }] } },
      {},
      'WEBHOOK_SECRET_MISSING: the environment variable SECRET is missing or empty. ' +
        'Set it, or name another place in the configuration.',
    ],
  ])('says %s in one sentence', async (_, endpoints, secrets, sentence) => {
    const app = startApp(APP, {
      DATABASE_URL: servers.postgres.url,
      REDIS_URL: servers.redis.url,
      ...secrets,
      WALMQ_CONFIG: await writeConfig({ queues: { orders: { table: 'orders' } } }),
      WALMQ_WEBHOOKS: await writeConfig({ endpoints }),
    });
    expect(await app.ended).toBe('exit 1');
    expect(app.output().trim()).toBe(sentence);
  });
});

/** Every change came; each row's in order, a repetition before the next; a repeated id with the same body. */
function expectAllInOrder({ received }: Receiver): void {
  const bodies = new Map<string, string>();
  const last = new Map<number, number>();
  for (const { headers, body } of received) {
    const id = headers['webhook-id'] as string;
    expect(bodies.get(id) ?? body).toBe(body);
    bodies.set(id, body);
    const { after } = (JSON.parse(body) as { data: Change<{ id: number; revision: number }> }).data;
    if (after === null) throw new Error('an insert or an update has a new row');
    const before = last.get(after.id) ?? -1;
    // The same again, or the very next.
    expect([before, before + 1]).toContain(after.revision);
    last.set(after.id, after.revision);
  }
  expect(bodies.size).toBe(CHANGES);
}
