import { outbox, outboxSchemaSql, publish } from '@walmq/outbox';
import { type Servers, startServers, stopServers } from '@walmq/testing';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { watchDeadLetters } from '../src/events/dead-letter-queue.js';
import { CaptureWorld } from './capture-fixture.js';
import { CaptureProcess } from './capture-process-fixture.js';

const SCHEMA = `${outboxSchemaSql({ schema: 'public', table: 'outbox' })}
  CREATE TABLE items (id integer PRIMARY KEY)`;
const QUEUES = { items: { table: 'items' }, emails: { messages: true }, payments: { outbox: 'payment' } };
const EVENTS = 10_000;
const KEYS = 20;

describe('events through a capture that is killed', () => {
  let servers: Servers;
  beforeAll(async () => {
    servers = await startServers();
  });
  afterAll(() => stopServers(servers));

  const start = ({ databaseUrl, config: { source, redis } }: CaptureWorld) =>
    CaptureProcess.start({
      databaseUrl,
      redisUrl: servers.redis.url,
      config: { source: { slot: source.slot }, redis: { prefix: redis.prefix }, queues: QUEUES },
    });
  const jobsOf = async (world: CaptureWorld) => (await world.jobKeys('emails')).size;

  it('10,000 of each kind in a hot loop are enqueued exactly once, in order per key', async () => {
    await using world = await CaptureWorld.create(servers, 'events_hot', { schema: SCHEMA, queues: QUEUES });
    const { client } = world;
    const write = async () => {
      for (let n = 0; n < EVENTS; n += 50) {
        await client.query('BEGIN');
        for (let i = n; i < n + 50; i++) {
          const key = i % KEYS;
          await publish(client, 'emails', { type: 'a', key, payload: { n: i } });
          await outbox(client).publish({
            aggregateType: 'payment',
            aggregateId: key,
            type: 'a',
            payload: { n: i },
          });
        }
        await client.query('COMMIT');
      }
    };
    let writing = true;
    const written = write().finally(() => {
      writing = false;
    });
    let kills = 0;
    while (writing || kills < 3) {
      const before = await jobsOf(world);
      const capture = await start(world);
      if (before < EVENTS)
        await expect.poll(() => jobsOf(world), { timeout: 60_000 }).toBeGreaterThan(before);
      await capture.end('SIGKILL');
      kills += 1;
    }
    await written;
    const last = await start(world);
    await last.waitFor('stream:started');
    await world.waitUntilAcknowledged();
    expect(await last.end('SIGTERM')).toBe(0);
    for (const queue of ['emails', 'payments']) {
      const changes = await world.changes(queue);
      const numbers = changes.map(({ after }) => (after as unknown as { payload: { n: number } }).payload.n);
      expect(numbers).toEqual(Array.from({ length: EVENTS }, (_, n) => n));
      expect(new Set(changes.map(({ id }) => id)).size).toBe(EVENTS);
      // Nobody works here: of each key the first is ready, and all others wait behind it.
      expect(await world.redis.llen(`${world.config.redis.prefix}:${queue}:wait`)).toBe(KEYS);
    }
  }, 180_000);

  it('stops to wait for replayed events, although Redis is away', async () => {
    await using world = await CaptureWorld.create(servers, 'events_away', { schema: SCHEMA, queues: QUEUES });
    const said: string[] = [];
    const deadLetters = watchDeadLetters({
      config: world.config,
      databaseUrl: world.databaseUrl,
      redisUrl: servers.redis.url,
      log: pino({}, { write: (line: string) => void said.push(line) }),
      onFault: () => undefined,
    });
    await expect.poll(() => world.redis.info('clients')).toMatch(/blocked_clients:[1-9]/);
    await servers.redis.kill('SIGKILL');
    await expect.poll(() => said.join('')).toContain('redis:unreachable');
    await deadLetters?.stop();
    await servers.redis.restart();
  });

  it('in the middle of a large transaction: events and rows have the same numbers as before', async () => {
    await using world = await CaptureWorld.create(servers, 'events_large', {
      schema: SCHEMA,
      queues: QUEUES,
    });
    await world.client.query(`DO $$ BEGIN FOR i IN 1..5000 LOOP
      INSERT INTO items VALUES (i);
      PERFORM pg_logical_emit_message(true, 'walmq.event.emails', json_build_object('type', 'a', 'payload', i)::text);
      PERFORM pg_logical_emit_message(true, 'walmq.event.nobody', '{}');
      PERFORM pg_logical_emit_message(true, 'walmq.context', json_build_object('i', i)::text);
      PERFORM pg_logical_emit_message(true, 'somebody.else', '{}');
    END LOOP; END $$`);
    const first = await start(world);
    await expect.poll(() => jobsOf(world), { timeout: 60_000, interval: 5 }).toBeGreaterThan(100);
    await first.end('SIGKILL');
    const second = await start(world);
    const events = await world.waitForChanges('emails', 5000);
    const rows = await world.waitForChanges('items', 5000);
    const refused = await world.waitForChanges('walmq.dead-letter', 5000);
    const numbers = Array.from({ length: 5000 }, (_, n) => n);
    expect(rows.map(({ tx }) => tx.seq)).toEqual(numbers.map(n => 3 * n + 1));
    expect(events.map(({ tx }) => tx.seq)).toEqual(numbers.map(n => 3 * n + 2));
    expect(refused.map(({ tx }) => tx.seq)).toEqual(numbers.map(n => 3 * n + 3));
    expect(rows.map(({ context }) => context?.i)).toEqual([undefined, ...numbers.slice(1)]);
    expect(await second.end('SIGTERM')).toBe(0);
  }, 120_000);
});
