import { openClient, ownConnection } from '@walmq/postgres';
import { replicationFailure } from '@walmq/replication';
import {
  eventually,
  type PgBouncer,
  type Servers,
  startPgBouncer,
  startServers,
  stopServers,
} from '@walmq/testing';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startWorkers } from '../src/app/start-workers.js';
import { defineWorker } from '../src/define/define.js';
import { pruneInbox } from '../src/effects/prune.js';
import { WorkerWorld } from './worker-fixture.js';

const CHANGES = 60;
const QUEUES = {
  orders: { table: 'orders', concurrency: 20 },
  batches: { table: 'orders', orderBy: false as const },
};
const SCHEMA = `CREATE TABLE orders (id integer PRIMARY KEY);
  CREATE TABLE made (id integer, how text, PRIMARY KEY (id, how))`;

describe('workers behind PgBouncer', () => {
  let servers: Servers;
  let transaction: PgBouncer;
  beforeAll(async () => {
    servers = await startServers();
    transaction = await startPgBouncer(servers.postgres, { mode: 'transaction' });
  });
  afterAll(async () => {
    await transaction?.[Symbol.asyncDispose]();
    await stopServers(servers);
  });

  const envOf = (pooler: PgBouncer, world: WorkerWorld) => ({
    WORKER_DATABASE_URL: pooler.url(world.databaseUrl),
    REDIS_URL: servers.redis.url,
  });

  it('in transaction mode: once, effect, batches, settings of one transaction and pruning, on three sessions for all', async () => {
    await using world = await WorkerWorld.create(servers, 'pooled', { queues: QUEUES, schema: SCHEMA });
    await world.pool.query("SELECT pg_create_logical_replication_slot('pooled', 'pgoutput')");
    const sent = new Set<number>();
    const orders = defineWorker<{ orders: { id: number } }>({
      queue: 'orders',
      on: {
        orders: {
          async insert(change, { once, effect }) {
            const { id } = change.after;
            await once(change, async tx => {
              await tx.query("SET LOCAL statement_timeout = '7s'");
              await tx.query("INSERT INTO made VALUES ($1, 'once')", [id]);
              const { rows } = await tx.query("SELECT current_setting('statement_timeout') AS set");
              expect(rows).toEqual([{ set: '7s' }]);
            });
            await effect(change, 'mail', async () => {
              expect(sent).not.toContain(id);
              sent.add(id);
            });
          },
        },
      },
    });
    const batches = defineWorker<{ orders: { id: number } }>({
      queue: 'batches',
      batch: { size: 10, waitMs: 100 },
      onBatch: (changes, { once }) =>
        once(changes, async (tx, due) => {
          const ids = due.map(({ after }) => after?.id);
          await tx.query("INSERT INTO made SELECT unnest($1::integer[]), 'batch'", [ids]);
        }),
    });
    const workers = await startWorkers({
      workers: [orders, batches],
      config: { source: { slot: 'pooled' }, redis: { prefix: world.prefix }, queues: QUEUES },
      env: envOf(transaction, world),
      log: () => undefined,
    });
    expect(await workers.reasons()).toEqual({});
    const endings = await Promise.all(
      Array.from({ length: CHANGES }, (_, id) => world.change('insert', 'orders', { after: { id } })).flatMap(
        change => [world.process('orders', change), world.process('batches', change)],
      ),
    );
    expect(new Set(endings.map(({ state }) => state))).toEqual(new Set(['completed']));
    const { rows } = await world.pool.query(
      'SELECT how, count(*)::int AS count FROM made GROUP BY how ORDER BY how',
    );
    expect(rows).toEqual([
      { how: 'batch', count: CHANGES },
      { how: 'once', count: CHANGES },
    ]);
    expect(sent.size).toBe(CHANGES);
    // Nothing of a transaction has stayed in a session that others use.
    expect((await workers.pool.query('SHOW statement_timeout')).rows).toEqual([{ statement_timeout: '0' }]);
    const pruned = await pruneInbox({
      pool: workers.pool,
      redis: world.redis,
      queues: Object.values(world.queues),
      slot: 'pooled',
      keepMs: 7 * 86_400_000,
      signal: new AbortController().signal,
    });
    expect(pruned).toEqual({ inbox: 0, effects: 0, busy: false });
    await workers.stop();
    await world.pool.query("SELECT pg_drop_replication_slot('pooled')");
  });

  it('in statement mode they do not start, and say why', async () => {
    await using statement = await startPgBouncer(servers.postgres, { mode: 'statement' });
    await using world = await WorkerWorld.create(servers, 'statements', { queues: QUEUES, schema: SCHEMA });
    await expect(
      startWorkers({
        workers: [],
        config: { redis: { prefix: world.prefix }, queues: QUEUES },
        env: envOf(statement, world),
        log: () => undefined,
      }),
    ).rejects.toMatchObject({
      code: 'POOLER_WITHOUT_TRANSACTIONS',
      remedy: expect.stringContaining('pool_mode of the pooler to transaction'),
    });
  });

  it('capture and the command line: the pooler is named, also one that ignores the settings of a session', async () => {
    const named = { code: 'REPLICATION_DENIED', message: expect.stringContaining('PgBouncer') };
    await expect(
      openClient({ url: transaction.url(servers.postgres.url), name: 'test' }),
    ).rejects.toMatchObject({
      ...named,
      remedy: expect.stringContaining('WORKER_DATABASE_URL'),
    });
    await using session = await startPgBouncer(servers.postgres, {
      mode: 'session',
      settings: { ignore_startup_parameters: 'options' },
    });
    const url = session.url(servers.postgres.url);
    await (await openClient({ url, name: 'test' })).close();
    // pg reads the option, but does not declare it.
    const replication: object = { replication: 'database' };
    const client = new Client({ ...ownConnection({ url, name: 'test' }), ...replication });
    client.on('error', () => undefined);
    const refusal: unknown = await client.connect().catch((error: unknown) => error);
    expect(replicationFailure(refusal, 'walmq')).toMatchObject(named);
    await eventually(() => client.end());
  });
});
