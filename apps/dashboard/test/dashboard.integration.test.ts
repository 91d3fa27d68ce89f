import { type EmbeddedPostgres, type EmbeddedRedis, startRedis } from '@walmq/embedded';
import { FlowProducer, Queue, UnrecoverableError, Worker } from 'bullmq';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fromPage, type StartedDashboard, startDashboard, startLogDatabase } from './dashboard-fixture.js';

describe('the dashboard', () => {
  let redis: EmbeddedRedis;
  let postgres: EmbeddedPostgres;
  let dashboard: StartedDashboard;
  let url: string;

  beforeAll(async () => {
    [redis, postgres] = await Promise.all([startRedis(), startLogDatabase()]);
    dashboard = await startDashboard({ REDIS_URL: redis.url, DATABASE_URL: postgres.url });
    url = dashboard.url;
  });
  afterAll(async () => {
    const code = await dashboard.stop();
    await Promise.all([redis.stop(), postgres.stop()]);
    expect(code).toBe(0);
  });

  it('shows Bull Board with every queue of the configuration', async () => {
    const page = await (await fetch(`${url}/queues`)).text();
    expect(page).toContain('walmq');
    expect(page).not.toMatch(/https?:\/\//);
    const { queues } = (await (await fetch(`${url}/queues/api/queues`)).json()) as {
      queues: { name: string; description: string }[];
    };
    expect(queues.map(queue => queue.name).sort()).toEqual([
      'inventory',
      'order_items',
      'orders',
      'reservations',
    ]);
    expect(queues.find(queue => queue.name === 'reservations')?.description).toBe(
      'Changes of orders, order_items',
    );
  });

  it('shows a failed change with its reason, and retries it', async () => {
    const connection = { url: redis.url };
    let broken = true;
    const worker = new Worker(
      'orders',
      async () => {
        if (broken) throw new UnrecoverableError('the mail server said no');
      },
      { connection },
    );
    const queue = new Queue('orders', { connection });
    await queue.add('insert', { id: 'x' }, { jobId: '00000000000003E8-0000000001-test' });
    await expect.poll(() => queue.getFailedCount()).toBe(1);

    const failed = `${url}/queues/api/queues?activeQueue=orders&status=failed&page=1&jobsPerPage=10`;
    expect(await (await fetch(failed)).text()).toContain('the mail server said no');
    broken = false;
    const retried = await fetch(
      `${url}/queues/api/queues/orders/00000000000003E8-0000000001-test/retry`,
      fromPage(url, { method: 'PUT' }),
    );
    expect(retried.status).toBeLessThan(300);
    await expect.poll(() => queue.getCompletedCount()).toBe(1);
    await Promise.all([worker.close(), queue.close()]);
  });

  it('refuses what would break the order of a key: removing a parked change, or what it waits for', async () => {
    const connection = { url: redis.url };
    const flows = new FlowProducer({ connection });
    const [failed, parked] = ['00000000000003E9-0000000001-test', '00000000000003E9-0000000002-test'];
    await flows.add({
      name: 'update',
      queueName: 'orders',
      opts: { jobId: parked },
      children: [{ name: 'update', queueName: 'orders', opts: { jobId: failed } }],
    });
    const act = async (path: string) => {
      const response = await fetch(
        `${url}/queues/api/queues/orders/${parked}/${path}`,
        fromPage(url, { method: 'PUT' }),
      );
      return [response.status, await response.text()];
    };
    expect(await act('clean')).toEqual([409, expect.stringContaining('This change is parked')]);
    expect(await act('remove-unprocessed-children')).toEqual([
      409,
      expect.stringContaining('earlier changes'),
    ]);
    const queue = new Queue('orders', { connection });
    expect(await queue.getJobState(parked)).toBe('waiting-children');
    expect(await queue.getJobState(failed)).toBe('waiting');
    await Promise.all([queue.close(), flows.close()]);
  });

  it('counts the jobs of each queue in /metrics, and is ready', async () => {
    const metrics = await (await fetch(`${url}/metrics`)).text();
    expect(metrics).toContain('walmq_queue_jobs{queue="orders",state="completed"} 1');
    expect(metrics).toContain('walmq_queue_jobs{queue="orders",state="waiting-children"} 1');
    expect((await fetch(`${url}/ready`)).status).toBe(200);
  });

  it('removes a failed change alone: those of its key that completed before stay to be looked at', async () => {
    const connection = { url: redis.url };
    const flows = new FlowProducer({ connection });
    const queue = new Queue('orders', { connection });
    const [completed, failed] = ['00000000000003EA-0000000001-test', '00000000000003EA-0000000002-test'];
    await flows.add({
      name: 'update',
      queueName: 'orders',
      opts: { jobId: failed },
      children: [{ name: 'update', queueName: 'orders', opts: { jobId: completed } }],
    });
    const worker = new Worker(
      'orders',
      async job => {
        if (job.id === failed) throw new UnrecoverableError('broken');
      },
      { connection },
    );
    await expect.poll(() => queue.getJobState(failed)).toBe('failed');
    const response = await fetch(
      `${url}/queues/api/queues/orders/${failed}/clean`,
      fromPage(url, { method: 'PUT' }),
    );
    expect(response.status).toBeLessThan(300);
    expect(await queue.getJobState(failed)).toBe('unknown');
    expect(await queue.getJobState(completed)).toBe('completed');
    await Promise.all([worker.close(), queue.close(), flows.close()]);
  });
});
