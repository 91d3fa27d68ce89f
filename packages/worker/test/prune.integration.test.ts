import { type Change, lsnToHex, toLsn } from '@walmq/change';
import { sourceTag } from '@walmq/fanout';
import { eventually, type Servers, startServers, stopServers } from '@walmq/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { defineWorker } from '../src/define/define.js';
import { type PruneOptions, pruneInbox } from '../src/effects/prune.js';
import { giveUp } from '../src/failure/thrown.js';
import { WorkerWorld } from './worker-fixture.js';

const DAY_MS = 86_400_000;
const SLOT = 'prune_test';
const LATER_THAN_THE_SLOT = lsnToHex(toLsn(0xffff_ffff_0000_0000n));

describe('pruneInbox', () => {
  let servers: Servers;
  beforeAll(async () => {
    servers = await startServers();
  });
  afterAll(() => stopServers(servers));

  async function create(name: string): Promise<WorkerWorld> {
    const world = await WorkerWorld.create(servers, name, {
      queues: { orders: { table: 'orders', keepCompleted: { count: 0 } }, audit: { table: 'orders' } },
      schema: 'CREATE TABLE made (change_id text NOT NULL)',
    });
    await world.pool.query("SELECT pg_create_logical_replication_slot($1, 'pgoutput', true)", [
      `${SLOT}_${name}`,
    ]);
    return world;
  }

  const ordersOf = (world: WorkerWorld) => [{ name: 'orders', prefix: world.prefix }];

  const prune = (world: WorkerWorld, options: Partial<PruneOptions> = {}) =>
    pruneInbox({
      pool: world.pool,
      redis: world.redis,
      queues: ordersOf(world),
      slot: `${SLOT}_${world.prefix}`,
      keepMs: 7 * DAY_MS,
      signal: new AbortController().signal,
      ...options,
    });

  /** Rows of changes that were done `days` ago, in both tables; their jobs are gone. */
  async function record(world: WorkerWorld, ids: readonly string[], days: number, queue = 'orders') {
    await world.pool.query(
      `INSERT INTO walmq.inbox (queue, change_id, job_id, done_at)
         SELECT $1, id, id || '-aaaaaa', now() - make_interval(days => $3) FROM unnest($2::text[]) AS id`,
      [queue, ids, days],
    );
    await world.pool.query(
      `INSERT INTO walmq.effects (queue, change_id, name, job_id, state, intended_at, done_at)
         SELECT $1, id, 'mail', id || '-aaaaaa', 'done', now() - interval '400 days', now() - make_interval(days => $3)
           FROM unnest($2::text[]) AS id`,
      [queue, ids, days],
    );
  }

  async function recorded(world: WorkerWorld): Promise<[inbox: string[], effects: string[]]> {
    const [inbox, effects] = await Promise.all(
      ['inbox', 'effects'].map(table =>
        world.rows<{ change_id: string }>(`SELECT change_id FROM walmq.${table} ORDER BY change_id`),
      ),
    );
    return [inbox!.map(row => row.change_id), effects!.map(row => row.change_id)];
  }

  const idOf = (n: number, lsnHex = lsnToHex(toLsn(0x10n))) => `${lsnHex}-${String(n).padStart(10, '0')}`;

  it('leaves the rows of another pipeline, whose queue has the same name under another prefix', async () => {
    await using world = await create('beside');
    const other = `${SLOT}_other`;
    await world.pool.query("SELECT pg_create_logical_replication_slot($1, 'pgoutput')", [other]);
    const [server] = await world.rows<{ id: string }>(
      'SELECT system_identifier::text AS id FROM pg_control_system()',
    );
    const tag = sourceTag({ systemIdentifier: server?.id as string, database: 'beside', slot: other });
    await record(world, [idOf(1)], 8);
    await world.pool.query(
      `INSERT INTO walmq.inbox (queue, change_id, job_id, done_at) VALUES ('orders', $1, $1 || '-' || $2::text, now() - interval '8 days')`,
      [idOf(2), tag],
    );
    expect(await prune(world)).toEqual({ inbox: 1, effects: 1, busy: false });
    expect((await recorded(world))[0]).toEqual([idOf(2)]);
    await world.pool.query('SELECT pg_drop_replication_slot($1)', [other]);
    // Once the other pipeline is gone, so are its rows.
    expect(await prune(world)).toEqual({ inbox: 1, effects: 0, busy: false });
  });

  it('deletes what is old, behind the slot, and without a job; nothing else', async () => {
    await using world = await create('bounds');
    const [old, young, ahead, other] = [idOf(1), idOf(2), idOf(3, LATER_THAN_THE_SLOT), idOf(4)];
    await record(world, [old, ahead], 8);
    await record(world, [young], 6);
    await record(world, [other], 8, 'audit');
    expect(await prune(world)).toEqual({ inbox: 1, effects: 1, busy: false });
    expect(await recorded(world)).toEqual([
      [young, other, ahead],
      [young, other, ahead],
    ]);
  });

  it('deletes by age and jobs where there is no slot that could send anything again', async () => {
    await using world = await create('slotless');
    await record(world, [idOf(1), idOf(2, LATER_THAN_THE_SLOT)], 8);
    expect(await prune(world, { slot: 'dropped' })).toEqual({ inbox: 2, effects: 2, busy: false });
  });

  it('deletes an effect that was intended and never done by when it was intended', async () => {
    await using world = await create('intended');
    await record(world, [idOf(1), idOf(2)], 8);
    await world.pool.query(
      "UPDATE walmq.effects SET state = 'intended', done_at = NULL, intended_at = now() - interval '1 day' WHERE change_id = $1",
      [idOf(1)],
    );
    expect(await prune(world)).toEqual({ inbox: 2, effects: 1, busy: false });
    expect(await recorded(world)).toEqual([[], [idOf(1)]]);
  });

  it('keeps the rows of a failed change, however old, until it is replayed and gone', async () => {
    await using world = await create('replayed');
    let broken = true;
    let sent = 0;
    world.start(
      defineWorker({
        queue: 'orders',
        on: {
          orders: {
            insert: async (change, { once, effect }) => {
              await once(change, tx => tx.query('INSERT INTO made VALUES ($1)', [change.id]));
              await effect(change, 'mail', async () => {
                sent += 1;
              });
              if (broken) throw giveUp('for another reason.');
            },
          },
        },
      }),
    );
    const change = world.change('insert', 'orders', { after: { id: 1 } }) as Change;
    const job = await world.add('orders', change, { jobId: `${change.id}-aaaaaa` });
    expect(await world.ending('orders', job)).toMatchObject({ state: 'failed' });
    await world.pool.query("UPDATE walmq.inbox SET done_at = now() - interval '1 year'");
    await world.pool.query("UPDATE walmq.effects SET done_at = now() - interval '1 year'");
    expect(await prune(world)).toEqual({ inbox: 0, effects: 0, busy: false });

    broken = false;
    await job.retry('failed');
    await eventually(async () => expect(await world.stateOf('orders', job)).toBe('completed'));
    expect(await world.rows('SELECT change_id FROM made')).toEqual([{ change_id: change.id }]);
    expect(sent).toBe(1);
    await job.remove();
    expect(await prune(world)).toEqual({ inbox: 1, effects: 1, busy: false });
  });

  it('goes through any number of rows page by page, past those that have to stay', async () => {
    await using world = await create('pages');
    const ids = Array.from({ length: 250 }, (_, n) => idOf(n + 1));
    await record(world, ids, 8);
    const kept = ids.filter((_, n) => n % 10 === 0);
    for (const id of kept) await world.redis.hset(`${world.prefix}:orders:${id}-aaaaaa`, 'name', 'insert');
    expect(await prune(world, { pageRows: 10 })).toEqual({ inbox: 225, effects: 225, busy: false });
    expect(await recorded(world)).toEqual([kept, kept]);
  });

  it('leaves the work to another process that is at it', async () => {
    await using world = await create('busy');
    await record(world, [idOf(1)], 8);
    const other = await world.pool.connect();
    await other.query("BEGIN; SELECT pg_advisory_xact_lock(hashtextextended('walmq.prune', 0))");
    expect(await prune(world)).toEqual({ inbox: 0, effects: 0, busy: true });
    await other.query('COMMIT');
    other.release();
    expect(await prune(world)).toEqual({ inbox: 1, effects: 1, busy: false });
  });

  it('prunes again and again, says how much, and outlives a failure', async () => {
    await using world = await create('regularly');
    await record(world, [idOf(1)], 8);
    await world.pool.query('ALTER TABLE walmq.effects RENAME TO away');
    const pruning = world.pruneRegularly({ queues: ordersOf(world), slot: `${SLOT}_regularly`, everyMs: 20 });
    await eventually(() =>
      expect(world.logged).toContainEqual(
        expect.objectContaining({ event: 'inbox:not-pruned', level: 'warn' }),
      ),
    );
    await world.pool.query('ALTER TABLE walmq.away RENAME TO effects');
    await eventually(async () => expect(await recorded(world)).toEqual([[], []]));
    await eventually(async () =>
      expect(await world.registry.metrics()).toContain('walmq_worker_pruned_rows_total{table="effects"} 1'),
    );
    await pruning.stop();
    expect(world.logged).toContainEqual(expect.objectContaining({ event: 'inbox:pruned', effects: 1 }));
  });
});
