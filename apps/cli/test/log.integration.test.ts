import { mkdtemp, rm } from 'node:fs/promises';
import { hostname, tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { type EmbeddedPostgres, type EmbeddedRedis, startPostgres, startRedis } from '@walmq/embedded';
import { OperatorLog } from '@walmq/operations';
import { CAPTURE_SCHEMA } from '@walmq/setup';
import { Queue, UnrecoverableError, Worker } from 'bullmq';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { CliWorld, walmq } from './cli-fixture.js';

const idOf = (n: number) => `${n.toString(16).toUpperCase().padStart(16, '0')}-0000000001`;

interface Printed {
  readonly id: string;
  readonly who: string;
  readonly action: string;
  readonly outcome: string;
  readonly [field: string]: unknown;
}

describe("the operators' log", () => {
  let postgres: EmbeddedPostgres;
  let redis: EmbeddedRedis;
  beforeAll(async () => {
    [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
  });
  afterAll(async () => {
    await Promise.all([postgres.stop(), redis.stop()]);
  });

  /** Two failed changes; no worker runs any more. */
  async function makeWorld(name: string, schema = CAPTURE_SCHEMA.sql) {
    const world = await CliWorld.create({ postgres, redis }, name, {
      schema: `CREATE TABLE orders (id int PRIMARY KEY); ${schema}`,
      queues: { orders: { table: 'orders' } },
    });
    onTestFinished(() => world[Symbol.asyncDispose]());
    const queue = new Queue('orders', { connection: { url: redis.url }, prefix: name });
    onTestFinished(() => queue.close());
    const worker = new Worker(
      'orders',
      async () => {
        throw new UnrecoverableError('broken');
      },
      { connection: { url: redis.url }, prefix: name },
    );
    for (const n of [1, 2])
      await queue.add(
        'insert',
        { id: idOf(n), op: 'insert', schema: 'public', table: 'orders', key: { id: n }, tx: {} },
        { jobId: `${idOf(n)}-abcdef` },
      );
    await expect.poll(() => queue.getFailedCount()).toBe(2);
    await worker.close();
    const logged = async (...args: string[]) => {
      const { lines } = await world.run('log', '--json', ...args);
      return lines.map(line => JSON.parse(line) as Printed);
    };
    return { world, queue, logged };
  }

  it('keeps who did what, when, why and how it ended, newest first, page by page', async () => {
    const { world, queue, logged } = await makeWorld('lg_keeps');
    const folder = await mkdtemp(join(tmpdir(), 'walmq-log-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const file = join(folder, 'discarded.jsonl');
    const why = ['--as', 'mia', '--because', 'mail server repaired'];
    expect((await world.run('replay', '--id', idOf(1), ...why)).code).toBe(0);
    expect((await world.run('discard', '--id', idOf(2), '--yes', '--to', file)).code).toBe(0);
    expect(await queue.getFailedCount()).toBe(0);
    const [discard, replay, ...others] = await logged();
    expect(others).toEqual([]);
    expect(replay).toMatchObject({
      who: 'mia',
      via: 'cli',
      action: 'replay',
      queue: 'orders',
      changeIds: [idOf(1)],
      reason: 'mail server repaired',
      outcome: 'done',
      result: '1 replayed.',
      endedAt: expect.stringMatching(/^\d{4}-.*Z$/),
    });
    expect(discard).toMatchObject({
      who: `${userInfo().username}@${hostname()}`,
      action: 'discard',
      outcome: 'done',
    });
    expect(await logged('--limit', '1')).toEqual([discard]);
    expect(await logged('--before', (discard as Printed).id)).toEqual([replay]);
    expect(await logged('--change', idOf(1))).toEqual([replay]);
    expect(await logged('--who', 'mia', '--action', 'discard')).toEqual([]);
    const page = await world.run('log', '--limit', '1');
    expect(page.lines).toEqual([
      expect.stringMatching(/ discard orders .* done: 1 discarded, kept in /),
      `There are older ones: --before ${discard?.id}`,
    ]);
  });

  it('forgets what is old on demand, and keeps that it did', async () => {
    const { world, logged } = await makeWorld('lg_prune');
    await world.run('replay', '--all');
    await world.client.query("UPDATE walmq.operator_log SET begun_at = now() - interval '2 years'");
    expect((await world.run('log', '--prune', '365d', '--as', 'mia')).lines).toEqual(['1 entries deleted.']);
    expect(await logged()).toMatchObject([{ who: 'mia', action: 'prune-log', result: '1 entries deleted.' }]);
  });

  it.each([
    ['its table is missing', 'lg_missing', 'SELECT 1', {}, /OPERATOR_LOG_UNAVAILABLE.*npx walmq setup/s],
    [
      'the database is away',
      'lg_away',
      CAPTURE_SCHEMA.sql,
      { DATABASE_URL: 'postgres://localhost:1/none' },
      /DATABASE_UNREACHABLE/,
    ],
  ])('refuses to act where %s, in a sentence', async (_, name, schema, env, expected) => {
    const { world, queue } = await makeWorld(name, schema);
    const { code, errors } = await walmq(['replay', '--all'], { ...world.env, ...env });
    expect(code).toBe(1);
    expect(errors.join('\n')).toMatch(expected);
    expect(await queue.getFailedCount()).toBe(2);
  });

  it('is published for the audit log in a new database, and in one that was set up before', async () => {
    const world = await CliWorld.create({ postgres, redis }, 'lg_audit', {
      schema: 'CREATE TABLE orders (id int PRIMARY KEY)',
      queues: { orders: { table: 'orders' }, audit: { tables: ['orders', 'walmq.operator_log'] } },
    });
    onTestFinished(() => world[Symbol.asyncDispose]());
    for (const before of ['SELECT 1', 'DROP TABLE walmq.operator_log']) {
      await world.client.query(before);
      const { code, errors } = await world.run('setup', '--audit');
      expect([code, ...errors]).toEqual([0]);
      const { rows } = await world.client.query(
        "SELECT tablename FROM pg_publication_tables WHERE schemaname = 'walmq'",
      );
      expect(rows).toEqual([{ tablename: 'operator_log' }]);
    }
  });

  it('keeps an action that failed, and one whose process died midway', async () => {
    const { world, logged } = await makeWorld('lg_begun');
    const client = new Client(world.env.DATABASE_URL);
    await client.connect();
    const unnoted: string[] = [];
    const log = new OperatorLog(client, { onUnnoted: sentence => unnoted.push(sentence) });
    const mia = { who: 'mia', via: 'cli' } as const;
    const refused = log.run(mia, { action: 'replay' }, () => Promise.reject(new Error('no Redis')), String);
    await expect(refused).rejects.toThrow('no Redis');
    // The connection ends between the action and its outcome, as in a crash.
    await log.run(mia, { action: 'discard' }, () => client.end(), String);
    expect(unnoted).toEqual([expect.stringMatching(/stays "begun"/)]);
    expect(await logged()).toMatchObject([
      { action: 'discard', outcome: 'begun', endedAt: null, result: null },
      { action: 'replay', outcome: 'failed', result: 'no Redis' },
    ]);
  });
});
