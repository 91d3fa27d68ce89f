import type { WalmqConfigInput } from '@walmq/config';
import type { TableDescription } from '@walmq/row-types';
import { type Servers, startServers, stopServers } from '@walmq/testing';
import { Queue, Worker } from 'bullmq';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CaptureWorld } from './capture-fixture.js';

const SCHEMA = 'CREATE TABLE orders (id integer PRIMARY KEY, note text, total integer NOT NULL)';

const EXPECTED: TableDescription = {
  oldRow: 'whole',
  key: ['id'],
  columns: [
    { name: 'id', type: 'integer', nullable: false },
    { name: 'note', type: 'text', nullable: true },
    { name: 'total', type: 'integer', nullable: false },
  ],
};

type OnDrift = NonNullable<WalmqConfigInput['queues'][string]['onDrift']>;

describe('a table that drifts from what a queue expects', () => {
  let servers: Servers;
  beforeAll(async () => {
    servers = await startServers();
  });
  afterAll(() => stopServers(servers));

  const worldOf = (name: string, onDrift: OnDrift, shards = 1) =>
    CaptureWorld.create(servers, name, {
      schema: SCHEMA,
      shards,
      queues: {
        orders: { table: 'orders', expect: { orders: EXPECTED }, onDrift },
        others: { table: 'orders' },
      },
    });

  it.each(['warn', 'park'] as const)(
    '%s: is told of at every alteration, as far as it matters, and enqueued all the same',
    async onDrift => {
      await using world = await worldOf(`drift_${onDrift}`, onDrift);
      const told: (readonly string[])[] = [];
      const capture = world.capture({ drift: ({ notice }) => told.push(notice.differences) });
      const steps: [ddl: string, differences: string[]][] = [
        ['SELECT 1', []],
        ['ALTER TABLE orders ADD COLUMN extra integer NOT NULL DEFAULT 1, ALTER note TYPE varchar', []],
        ['ALTER TABLE orders ALTER COLUMN total DROP NOT NULL', ['orders.total may be null now']],
        [
          'ALTER TABLE orders ALTER COLUMN total TYPE bigint',
          ['orders.total is bigint, was integer', 'orders.total may be null now'],
        ],
        [
          'ALTER TABLE orders DROP COLUMN total, REPLICA IDENTITY DEFAULT',
          [
            'orders no longer has REPLICA IDENTITY FULL',
            'orders.note may be left out of updates now',
            'orders.total is gone',
          ],
        ],
        ['ALTER TABLE orders ADD COLUMN total integer NOT NULL DEFAULT 0, REPLICA IDENTITY FULL', []],
      ];
      for (const [index, [ddl, differences]] of steps.entries()) {
        await world.client.query(ddl);
        const total = ddl.includes('DROP COLUMN') ? '' : ', total';
        await world.client.query(`INSERT INTO orders (id${total}) VALUES (${index}${total && ', 7'})`);
        await world.waitForChanges('orders', index + 1);
        expect(told).toHaveLength(index + 1);
        expect(told.at(-1)).toEqual(differences);
      }
      await capture.stop();
      expect(await world.changes('others')).toHaveLength(steps.length);
    },
  );

  it.each([1, 3])(
    'waits in a paused queue, whose workers saw nothing of it, and goes on in order: %i shards',
    async shards => {
      await using world = await worldOf(`drift_pause_${shards}`, 'pause', shards);
      const connection = { url: servers.redis.url };
      const prefix = world.config.queues.orders?.prefix as string;
      const queue = new Queue('orders', { connection, prefix });
      const seen: unknown[] = [];
      const worker = new Worker('orders', async job => seen.push(job.data.after), {
        connection,
        prefix,
      });
      const capture = world.capture();
      try {
        await world.client.query("INSERT INTO orders VALUES (1, 'a', 1)");
        await expect.poll(() => seen).toEqual([{ id: 1, note: 'a', total: 1 }]);
        expect(await queue.isPaused()).toBe(false);

        await world.client.query('ALTER TABLE orders DROP COLUMN note');
        await world.client.query('UPDATE orders SET total = 2');
        await world.client.query('UPDATE orders SET total = 3');
        await world.waitForChanges('others', 3);
        await world.waitForChanges('orders', 3);
        expect(await queue.isPaused()).toBe(true);
        const others = `${world.config.queues.others?.prefix}:others:meta`;
        expect(await world.redis.hexists(others, 'paused')).toBe(0);
        expect(await world.redis.exists(others)).toBe(1);
        expect(seen).toHaveLength(1);

        await queue.resume();
        await expect.poll(() => seen).toHaveLength(3);
        expect(seen.slice(1)).toEqual([
          { id: 1, total: 2 },
          { id: 1, total: 3 },
        ]);
      } finally {
        await worker.close();
        await queue.close();
        await capture.stop();
      }
    },
  );

  it('stops capture ahead of the first change that does not fit, at every start', async () => {
    await using world = await worldOf('drift_stop', 'stop');
    const capture = world.capture();
    await world.client.query("INSERT INTO orders VALUES (1, 'a', 1)");
    await world.waitForChanges('orders', 1);
    await world.client.query('ALTER TABLE orders ALTER COLUMN total TYPE text');
    await world.client.query("INSERT INTO orders VALUES (2, 'b', 'two')");
    const drifted = {
      code: 'DRIFTED',
      message: 'orders is not as the queue "orders" expects it: orders.total is text, was integer.',
    };
    await expect(capture.ended).rejects.toMatchObject(drifted);
    await expect(world.capture().ended).rejects.toMatchObject(drifted);
    expect(await world.changes('orders')).toHaveLength(1);
    expect(await world.changes('others')).toHaveLength(1);
  });
});
