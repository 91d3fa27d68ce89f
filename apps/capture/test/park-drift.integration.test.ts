import { parseConfig, resolveConfig, type WalmqConfigInput } from '@walmq/config';
import type { ColumnDescription } from '@walmq/row-types';
import { type Servers, startServers, stopServers } from '@walmq/testing';
import { defineWorker, startWorker, workerMetrics, workerSchemaSql } from '@walmq/worker';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { Pool } from 'pg';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { CaptureWorld } from './capture-fixture.js';
import { runWalmq } from './capture-process-fixture.js';

const SCHEMA = `${workerSchemaSql}
  CREATE TABLE orders (id integer PRIMARY KEY, total integer NOT NULL)`;

const ID: ColumnDescription = { name: 'id', type: 'integer', nullable: false };
const TOTAL: ColumnDescription = { name: 'total', type: 'integer', nullable: false };

function queuesFor(...columns: readonly ColumnDescription[]): WalmqConfigInput['queues'] {
  const orders = { oldRow: 'whole' as const, key: ['id'], columns: [...columns] };
  return {
    orders: { table: 'orders', expect: { orders }, onDrift: 'park' },
    others: { table: 'orders' },
  };
}

type Order = { id: number; total?: unknown };

describe('a table that is altered in mid-stream, under a queue that parks what does not fit', () => {
  let servers: Servers;
  beforeAll(async () => {
    servers = await startServers();
  });
  afterAll(() => stopServers(servers));

  /** Capture and a worker per queue, as of before the alteration. */
  async function start(name: string) {
    const old = queuesFor(ID, TOTAL);
    const world = await CaptureWorld.create(servers, name, { schema: SCHEMA, queues: old });
    onTestFinished(() => world[Symbol.asyncDispose]());
    const redis = new Redis(servers.redis.url, { maxRetriesPerRequest: null });
    onTestFinished(() => redis.disconnect());
    const pool = new Pool({ connectionString: world.databaseUrl });
    onTestFinished(() => pool.end());
    const queue = new Queue('orders', { connection: { url: servers.redis.url }, prefix: name });
    onTestFinished(() => queue.close());
    const metrics = workerMetrics(new Registry());
    const work = (queueName: string, queues: WalmqConfigInput['queues']) => {
      const seen: Order[] = [];
      const see = async ({ after }: { after: Order }) => seen.push(after);
      const running = startWorker({
        definition: defineWorker<{ orders: Order }>({
          queue: queueName,
          on: { orders: { insert: see, update: see } },
        }),
        queues: resolveConfig(parseConfig({ redis: { prefix: name }, queues }, name)).queues,
        redis,
        pool,
        metrics,
        log: pino({ enabled: false }),
      });
      onTestFinished(() => running.close(0));
      return { seen, running };
    };
    const drift: (readonly string[])[] = [];
    const capture = world.capture({
      drift: ({ notice }) => {
        if (notice.queue === 'orders') drift.push(notice.differences);
      },
    });
    onTestFinished(() => capture.stop());
    return {
      client: world.client,
      queue,
      drift,
      worker: work('orders', old),
      others: work('others', old).seen,
      /** In place of the old worker, with what it expects, and then what has failed: what it saw of it. */
      async deployAndReplay(oldWorker: ReturnType<typeof work>, ...columns: readonly ColumnDescription[]) {
        await oldWorker.running.close(0);
        const queues = queuesFor(...columns);
        const { seen } = work('orders', queues);
        await runWalmq(['replay', '--queue', 'orders', '--wait'], {
          databaseUrl: world.databaseUrl,
          redisUrl: servers.redis.url,
          config: { source: { slot: name }, redis: { prefix: name }, queues },
        });
        return seen;
      },
    };
  }

  it('only rows that hold what is not expected wait, and run in order once a worker expects it', async () => {
    const { client, queue, drift, worker, others, deployAndReplay } = await start('park_drift_null');
    await client.query('INSERT INTO orders VALUES (1, 10)');
    await client.query('ALTER TABLE orders ADD COLUMN currency text, ALTER COLUMN total DROP NOT NULL');
    await client.query('UPDATE orders SET total = NULL WHERE id = 1');
    await client.query('UPDATE orders SET total = 11 WHERE id = 1');
    await client.query('UPDATE orders SET total = 12 WHERE id = 1');
    await client.query('INSERT INTO orders VALUES (2, 20)');
    await client.query('UPDATE orders SET total = 21 WHERE id = 2');
    await expect.poll(() => others).toHaveLength(6);
    await expect
      .poll(() => queue.getJobCounts('failed', 'waiting-children', 'completed'))
      .toEqual({
        failed: 1,
        'waiting-children': 2,
        completed: 3,
      });
    expect(worker.seen.map(({ id, total }) => [id, total])).toEqual(
      expect.arrayContaining([
        [1, 10],
        [2, 20],
        [2, 21],
      ]),
    );
    const [failed] = await queue.getFailed();
    expect(failed).toMatchObject({
      attemptsMade: 1,
      failedReason: expect.stringContaining('orders.total: expected integer, found null.') as string,
    });
    expect(drift.at(-1)).toEqual(['orders.total may be null now']);

    const seen = await deployAndReplay(worker, ID, { ...TOTAL, nullable: true });
    expect(seen.map(({ id, total }) => [id, total])).toEqual([
      [1, null],
      [1, 11],
      [1, 12],
    ]);
    expect(await queue.getFailedCount()).toBe(0);
  });

  it.each<[ddl: string, reason: string, total: unknown, expected: ColumnDescription[]]>([
    ['DROP COLUMN total', 'orders.total is gone.', undefined, [ID]],
    [
      'ALTER COLUMN total TYPE bigint',
      'orders.total: expected integer, found a string.',
      '10',
      [ID, { ...TOTAL, type: 'bigint' }],
    ],
  ])('%s: each row waits for itself, and the other queue for none', async (ddl, reason, total, expected) => {
    const name = `park_drift_${total === undefined ? 'gone' : 'retyped'}`;
    const { client, queue, worker, others, deployAndReplay } = await start(name);
    await client.query('INSERT INTO orders VALUES (1, 10), (2, 10)');
    await expect.poll(() => worker.seen).toHaveLength(2);
    await client.query(`ALTER TABLE orders ADD COLUMN step integer, ${ddl}`);
    for (const step of [1, 2]) await client.query('UPDATE orders SET step = $1', [step]);
    await expect.poll(() => others).toHaveLength(6);
    await expect
      .poll(() => queue.getJobCounts('failed', 'waiting-children'))
      .toEqual({
        failed: 2,
        'waiting-children': 2,
      });
    for (const { failedReason } of await queue.getFailed()) expect(failedReason).toContain(reason);

    const seen = await deployAndReplay(worker, ...expected);
    for (const id of [1, 2]) {
      const row = total === undefined ? { id } : { id, total };
      expect(seen.filter(each => each.id === id)).toEqual([
        { ...row, step: 1 },
        { ...row, step: 2 },
      ]);
    }
    expect(worker.seen).toHaveLength(2);
  });
});
