import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually, type Servers, startProgram, startServers, stopServers } from '@walmq/testing';
import { Queue } from 'bullmq';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CaptureWorld } from '../../apps/capture/test/capture-fixture.js';

const ROOT = join(import.meta.dirname, '../..');
const VENV = join(ROOT, '.cache/python');
const REQUIREMENTS = join(import.meta.dirname, 'requirements.txt');
const ORDERS = 40;
const STATUSES = ['new', 'paid', 'sent'];
/** An order whose second change fails for good. */
const BAD = 13;

/** The packages of the worker, in an environment of their own. */
function install(): void {
  const wanted = readFileSync(REQUIREMENTS, 'utf8');
  const installed = join(VENV, 'installed.txt');
  if (existsSync(installed) && readFileSync(installed, 'utf8') === wanted) return;
  rmSync(VENV, { recursive: true, force: true });
  try {
    execFileSync('python3', ['-m', 'venv', VENV], { stdio: 'pipe' });
  } catch (cause) {
    throw new Error('this test needs python3 with venv: apt-get install python3-venv', { cause });
  }
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', REQUIREMENTS];
  execFileSync(join(VENV, 'bin/python'), pip, { stdio: 'pipe' });
  writeFileSync(installed, wanted);
}

describe('a worker in Python', () => {
  let servers: Servers;
  beforeAll(async () => {
    install();
    servers = await startServers();
  }, 300_000);
  afterAll(() => stopServers(servers));

  const startWorker = (world: CaptureWorld) =>
    startProgram(
      join(import.meta.dirname, 'failing_worker.py'),
      {
        DATABASE_URL: world.databaseUrl,
        REDIS_URL: servers.redis.url,
        PREFIX: world.config.redis.prefix,
        EXAMPLES: join(ROOT, 'docs/examples/src'),
        PYTHONDONTWRITEBYTECODE: '1',
      },
      [],
      { runtime: join(VENV, 'bin/python') },
    );

  it('keeps the order of each row through failures and a kill, and a failed change parks its row', async () => {
    await using world = await CaptureWorld.create(servers, 'python', {
      schema: `CREATE TABLE orders (id integer PRIMARY KEY, status text NOT NULL);
               CREATE TABLE handled (job_id text PRIMARY KEY);
               CREATE TABLE status_log (at bigint GENERATED ALWAYS AS IDENTITY, order_id integer, status text);`,
      queues: { orders: { table: 'orders', attempts: 20, backoff: { type: 'fixed', delayMs: 50 } } },
    });
    const { client } = world;
    const logged = async () => {
      const { rows } = await client.query<{ id: number; statuses: string[] }>(
        'SELECT order_id AS id, array_agg(status ORDER BY at) AS statuses FROM status_log GROUP BY 1 ORDER BY 1',
      );
      return rows;
    };
    const rowsWith = (ofBad: readonly string[]) =>
      Array.from({ length: ORDERS }, (_, n) => ({ id: n + 1, statuses: n + 1 === BAD ? ofBad : STATUSES }));

    const capture = world.capture();
    const first = startWorker(world);
    await client.query(`INSERT INTO orders SELECT id, 'new' FROM generate_series(1, ${ORDERS}) AS id`);
    await client.query(`UPDATE orders SET status = CASE id WHEN ${BAD} THEN '' ELSE 'paid' END`);
    await client.query("UPDATE orders SET status = 'sent'");
    await eventually(() => expect(first.output()).toContain('processed'));
    expect(await first.end('SIGKILL')).toBe('SIGKILL');
    const second = startWorker(world);
    await eventually(async () => expect(await logged()).toEqual(rowsWith(['new'])));

    const queue = new Queue('orders', { connection: world.redis, prefix: world.config.redis.prefix });
    await eventually(async () =>
      expect(await queue.getJobCounts()).toMatchObject({ failed: 1, 'waiting-children': 1 }),
    );
    const [failed] = await queue.getFailed();
    expect(failed).toMatchObject({ name: 'update', failedReason: `order ${BAD} has no status` });
    expect(await second.end('SIGTERM'), second.output()).toBe('exit 0');

    // Without the failed change the next one of its row runs.
    await failed?.remove();
    const third = startWorker(world);
    await eventually(async () => expect(await logged()).toEqual(rowsWith(['new', 'sent'])));
    await third.end('SIGTERM');
    await queue.close();
    await capture.stop();
  });
});
