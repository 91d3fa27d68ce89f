import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { eventually, type Servers, startApp, startServers, stopServers, writeConfig } from '@walmq/testing';
import { WorkerWorld } from '@walmq/worker/fixture';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const APP = join(import.meta.dirname, '..');
const CAPTURE = join(APP, '../capture');
const CLI = join(APP, '../cli/bin/walmq.js');
const ORDERS = 40;
const REVISIONS = 5;
const CHANGES = ORDERS * (REVISIONS + 2);
const KILLS = 3;

describe('audit-worker, from a committed row to the log', () => {
  let servers: Servers;
  beforeAll(async () => {
    servers = await startServers();
  });
  afterAll(async () => {
    await stopServers(servers);
  });

  it('keeps every change once, killed again and again, in the table that setup makes', async () => {
    const queues = {
      audit: {
        tables: ['orders', 'walmq.operator_log'],
        attempts: 1000,
        stalledAfterMs: 1000,
        maxStalledCount: 1000,
      },
    };
    await using world = await WorkerWorld.create(servers, 'audited', {
      queues,
      schema: 'CREATE TABLE orders (id int PRIMARY KEY, email text NOT NULL, revision int NOT NULL)',
    });
    const source = { slot: 'audited', publication: 'walmq' };
    const env = {
      DATABASE_URL: world.databaseUrl,
      REDIS_URL: servers.redis.url,
      WALMQ_CONFIG: await writeConfig({ source, redis: { prefix: world.prefix }, queues }),
      WALMQ_AUDIT: await writeConfig({ tables: { orders: { mask: ['email'] } } }),
    };
    const setup = async (...options: string[]) => {
      const args = [CLI, 'setup', '--audit', ...options];
      return (await promisify(execFile)(process.execPath, args, { env })).stdout;
    };
    const early = startApp(APP, env);
    expect(await early.ended).toBe('exit 1');
    expect(early.output().trim()).toBe(
      'OWN_TABLE_MISSING: there is no table walmq.audit. Make it: npx walmq setup --audit',
    );
    expect(await setup('--dry-run')).toContain('would    create the audit log');
    expect(await setup()).toContain('done     create the audit log');
    expect(await setup()).toContain('ok       the audit log');

    const capture = startApp(CAPTURE, env);
    for (let id = 1; id <= ORDERS; id++)
      await world.rows("INSERT INTO orders VALUES ($1, 'a@example.com', 0)", [id]);
    for (let revision = 1; revision <= REVISIONS; revision++)
      await world.rows('UPDATE orders SET revision = $1', [revision]);
    await world.rows('DELETE FROM orders');
    const recorded = async () =>
      (
        await world.rows<{ n: number }>(
          "SELECT count(*)::int AS n FROM walmq.audit WHERE table_name = 'orders'",
        )
      )[0]!.n;
    for (let kill = 0; kill < KILLS; kill++) {
      const before = await recorded();
      const app = startApp(APP, env);
      // Some way on, or at the end already.
      await eventually(async () => expect(await recorded()).toBeGreaterThan(Math.min(before, CHANGES - 1)));
      expect(await app.end('SIGKILL')).toBe('SIGKILL');
    }
    const app = startApp(APP, env);
    await eventually(async () => expect(await world.countOf('audit', 'completed')).toBe(CHANGES));
    // What operators do is kept too: the intent, then the outcome.
    const act = [
      CLI,
      'pause-key',
      'audit',
      'id=1',
      '--table',
      'orders',
      '--as',
      'mia',
      '--because',
      'a test',
    ];
    await promisify(execFile)(process.execPath, act, { env });
    await eventually(async () =>
      expect(
        await world.rows(
          `SELECT op, after->>'action' AS action, after->>'who' AS who, after->>'outcome' AS outcome
             FROM walmq.audit WHERE table_name = 'operator_log' ORDER BY change_id`,
        ),
      ).toEqual([
        { op: 'insert', action: 'pause-key', who: 'mia', outcome: 'begun' },
        { op: 'update', action: 'pause-key', who: 'mia', outcome: 'done' },
      ]),
    );
    expect(await app.end('SIGTERM')).toBe('exit 0');
    expect(await capture.end('SIGTERM')).toBe('exit 0');

    expect(await recorded()).toBe(CHANGES);
    for (let id = 1; id <= ORDERS; id++)
      expect(
        await world.rows(
          `SELECT op, before->'revision' AS before, after->'revision' AS after, changed,
                  coalesce(after, before)->>'email' AS email
             FROM walmq.audit_history('orders', jsonb_build_object('id', $1::int))`,
          [id],
        ),
      ).toEqual([
        { op: 'insert', before: null, after: 0, changed: null, email: '***' },
        ...Array.from({ length: REVISIONS }, (_, n) => ({
          op: 'update',
          before: n,
          after: n + 1,
          changed: ['revision'],
          email: '***',
        })),
        { op: 'delete', before: REVISIONS, after: null, changed: null, email: '***' },
      ]);
    expect(app.output()).not.toContain('example.com');
  });

  it('says in one sentence that its queue is not configured', async () => {
    await using world = await WorkerWorld.create(servers, 'unaudited', {
      queues: { orders: { table: 'orders' } },
      schema: 'CREATE TABLE walmq.audit ()',
    });
    const app = startApp(APP, {
      DATABASE_URL: world.databaseUrl,
      REDIS_URL: servers.redis.url,
      WALMQ_CONFIG: await writeConfig({ queues: { orders: { table: 'orders' } } }),
    });
    expect(await app.ended).toBe('exit 1');
    expect(app.output().trim()).toBe(
      'QUEUE_UNKNOWN: there is no queue "audit" in the configuration. ' +
        'Add it to walmq.config.ts, whose queues are: orders.',
    );
  });
});
