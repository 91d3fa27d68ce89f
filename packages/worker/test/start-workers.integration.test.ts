import type { WalmqConfigInput } from '@walmq/config';
import type { LogEntry } from '@walmq/runtime';
import { eventually, type Servers, startServers, stopServers } from '@walmq/testing';
import { Registry } from 'prom-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startWorkers } from '../src/app/start-workers.js';
import { defineWorker } from '../src/define/define.js';
import { WorkerWorld } from './worker-fixture.js';

describe('workers within an application', () => {
  let servers: Servers;
  beforeAll(async () => {
    servers = await startServers();
  });
  afterAll(() => stopServers(servers));

  const worker = (insert: () => Promise<unknown>) =>
    defineWorker({ queue: 'orders', on: { orders: { insert } } });
  const started = async (world: WorkerWorld, config: WalmqConfigInput, act: () => Promise<unknown>) => {
    const logged: LogEntry[] = [];
    const metrics = new Registry();
    const workers = await startWorkers({
      workers: [worker(act)],
      config,
      metrics,
      env: { DATABASE_URL: world.databaseUrl, REDIS_URL: servers.redis.url },
      log: entry => logged.push(entry),
    });
    return { workers, logged, metrics };
  };

  it('handle changes, log and count in the application, say whether they are ready, and drain', async () => {
    await using world = await WorkerWorld.create(servers, 'within', {
      queues: { orders: { table: 'orders' } },
    });
    const config = { redis: { prefix: world.prefix }, queues: { orders: { table: 'orders' } } };
    const seen: string[] = [];
    let release = () => {};
    const held = new Promise<void>(resolve => {
      release = resolve;
    });
    const { workers, logged, metrics } = await started(world, config, async () => {
      seen.push('begun');
      await held;
      seen.push('ended');
      return 'done';
    });
    expect(await workers.reasons()).toEqual({});
    await world.pool.query('ALTER TABLE walmq.effects RENAME TO effects_of_another_time');
    expect(await workers.reasons()).toEqual({
      postgres: 'the database lacks walmq.effects: run "npx walmq setup"',
    });
    await world.pool.query('ALTER TABLE walmq.effects_of_another_time RENAME TO effects');
    const ending = world.process('orders', world.change('insert', 'orders', { after: { id: 1 } }));
    await eventually(() => expect(seen).toEqual(['begun']));
    const stopped = workers.stop();
    await eventually(async () =>
      expect(await workers.reasons()).toMatchObject({ workers: 'a worker does not run' }),
    );
    release();
    await stopped;
    expect(seen).toEqual(['begun', 'ended']);
    expect(await ending).toMatchObject({ state: 'completed', result: 'done' });
    expect(workers.pool.ended).toBe(true);
    expect(await metrics.metrics()).toContain('walmq_worker_changes_total{queue="orders"');
    expect(logged).toContainEqual(expect.objectContaining({ level: 'info', event: 'change:processed' }));
    // A second stop waits for the first.
    await workers.stop();
  });

  it('reject what cannot be started, and leave no connection open', async () => {
    await using world = await WorkerWorld.create(servers, 'refused', {
      queues: { orders: { table: 'orders' } },
    });
    const config = { redis: { prefix: world.prefix }, queues: { other: { table: 'orders' } } };
    await expect(started(world, config, async () => {})).rejects.toMatchObject({ code: 'QUEUE_UNKNOWN' });
    const { rows } = await world.pool.query(
      "SELECT FROM pg_stat_activity WHERE application_name = 'walmq workers' AND datname = current_database()",
    );
    expect(rows).toEqual([]);
    await expect(
      startWorkers({ workers: [], config, env: { REDIS_URL: servers.redis.url } }),
    ).rejects.toMatchObject({
      code: 'ENVIRONMENT_INVALID',
      message: expect.stringContaining('DATABASE_URL'),
    });
  });
});
