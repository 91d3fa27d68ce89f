import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { type EmbeddedRedis, startRedis } from '@walmq/embedded';
import { FlowProducer, Queue, UnrecoverableError, Worker } from 'bullmq';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

const PROGRAM = join(import.meta.dirname, '../bin/dashboard.js');
const ROOT = join(import.meta.dirname, '../../..');

function start(env: Record<string, string>): { child: ChildProcess; output: () => string } {
  const child = spawn(process.execPath, [PROGRAM], {
    cwd: ROOT,
    env: { PATH: process.env.PATH, WALMQ_PORT: '0', LOG_FORMAT: 'json', ...env },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', text => (output += text));
  return { child, output: () => output };
}

describe('the dashboard', () => {
  let redis: EmbeddedRedis;
  let dashboard: ReturnType<typeof start>;
  let url: string;

  beforeAll(async () => {
    redis = await startRedis();
    dashboard = start({ REDIS_URL: redis.url });
    await vi.waitUntil(() => dashboard.output().includes('http:listening'), { timeout: 30_000 });
    url = /"url":"(http:[^"]+)"/.exec(dashboard.output())?.[1] as string;
  });
  afterAll(async () => {
    dashboard.child.kill('SIGTERM');
    const [code] = (await once(dashboard.child, 'exit')) as [number];
    await redis.stop();
    expect(code).toBe(0);
  });

  it('shows Bull Board with every queue of the configuration', async () => {
    const page = await fetch(url);
    expect(page.url).toMatch(/\/queues\/?$/);
    expect(await page.text()).toContain('walmq');
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
    const retried = await fetch(`${url}/queues/api/queues/orders/00000000000003E8-0000000001-test/retry`, {
      method: 'PUT',
    });
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
      const response = await fetch(`${url}/queues/api/queues/orders/${parked}/${path}`, { method: 'PUT' });
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

  it('refuses an address that others can reach, and says what to do', async () => {
    const exposed = start({ REDIS_URL: redis.url, WALMQ_HOST: '0.0.0.0' });
    const [code] = (await once(exposed.child, 'exit')) as [number];
    expect(code).toBe(1);
    expect(exposed.output()).toMatch(
      /DASHBOARD_EXPOSED: WALMQ_HOST is 0\.0\.0\.0.*WALMQ_DASHBOARD_ALLOW_REMOTE=yes/,
    );
  });
});
