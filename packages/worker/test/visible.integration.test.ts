import type { Change } from '@walmq/change';
import { eventually, type Servers, startServers, stopServers } from '@walmq/testing';
import type { PoolClient } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { defineWorker, type KitContext } from '../src/define/define.js';
import { WorkerWorld } from './worker-fixture.js';

interface Item {
  readonly id: number;
}

/** How a handler reads its row, each by another part of the kit; null where the row is not there. */
const READERS = {
  once: (change: Change<Item>, { once }: KitContext) =>
    once(change, async tx => {
      const { rows } = await tx.query('UPDATE items SET seen = true WHERE id = $1 RETURNING id', [
        change.after?.id,
      ]);
      return rows[0] ?? null;
    }),
  effect: (change: Change<Item>, { effect }: KitContext, world: () => WorkerWorld) =>
    effect(change, 'look', () => read(world(), change)),
  visible: async (change: Change<Item>, { visible }: KitContext, world: () => WorkerWorld) => {
    await visible(change);
    return await read(world(), change);
  },
};

async function read(world: WorkerWorld, { after }: Change<Item>): Promise<object | null> {
  const [row] = await world.rows('SELECT id FROM items WHERE id = $1', [after?.id]);
  return row ?? null;
}

describe('a change whose transaction is not visible yet', () => {
  let servers: Servers;
  let world: WorkerWorld;
  let ids = 0;
  beforeAll(async () => {
    servers = await startServers();
    world = await WorkerWorld.create(servers, 'visible', {
      queues: Object.fromEntries(
        Object.keys(READERS).map(name => [name, { table: 'items', deadlineMs: 20_000 }]),
      ),
      schema: 'CREATE TABLE items (id integer PRIMARY KEY, seen boolean)',
    });
    for (const [queue, reader] of Object.entries(READERS))
      world.start(
        defineWorker<{ items: Item }>({
          queue,
          on: { items: { insert: (change, kit) => reader(change as Change<Item>, kit, () => world) } },
        }),
      );
  });
  afterAll(async () => {
    await world?.[Symbol.asyncDispose]();
    await stopServers(servers);
  });

  /** Adds the change of a row that is not committed yet: as workers get it where the commit waits for a standby. */
  const insert = async (client: PoolClient, queue: string) => {
    ids += 1;
    const { rows } = await client.query<{ xid: string }>(
      'INSERT INTO items VALUES ($1) RETURNING pg_current_xact_id()::text::bigint % (2^32)::bigint AS xid',
      [ids],
    );
    const change = world.change<Item>('insert', 'items', { after: { id: ids } });
    const job = await world.add(queue, { ...change, tx: { ...change.tx, xid: Number(rows[0]?.xid) } });
    return { id: ids, job };
  };
  const isTaken = async (queue: string, job: { readonly id?: string | undefined }) =>
    await eventually(async () => expect(await world.stateOf(queue, job)).toBe('active'));

  it.each(Object.keys(READERS))('%s waits for it, and then sees its row', async queue => {
    const [client, later] = await Promise.all([world.pool.connect(), world.pool.connect()]);
    try {
      // Two of them: the second one's id is beyond the end of every snapshot.
      for (const each of [client, later]) await each.query('BEGIN');
      const hidden = [await insert(client, queue), await insert(later, queue)];
      for (const { job } of hidden) await isTaken(queue, job);
      // The worker has asked and found nothing: that it still waits shows in what it answers.
      for (const each of [client, later]) await each.query('COMMIT');
      for (const { id, job } of hidden)
        expect(await world.ending(queue, job)).toEqual({ state: 'completed', result: { id }, tries: 1 });
    } finally {
      for (const each of [client, later]) each.release();
    }
  });

  it('is put off where it takes long, without the loss of an attempt', async () => {
    const client = await world.pool.connect();
    try {
      await client.query('BEGIN');
      const { id, job } = await insert(client, 'once');
      const isPutOff = ({ event, code }: { event?: string; code?: unknown }) =>
        event === 'change:postponed' && code === 'CHANGE_NOT_VISIBLE';
      await eventually(() => expect(world.logged.some(isPutOff)).toBe(true));
      await client.query('COMMIT');
      expect(await world.ending('once', job)).toEqual({ state: 'completed', result: { id }, tries: 1 });
    } finally {
      client.release();
    }
  });

  it('of another server, or of one that has forgotten it, is waited for no longer than it takes to ask', async () => {
    const change = world.change<Item>('insert', 'items', { after: { id: -1 } });
    for (const xid of [3, 2_000_000_000, 4_294_967_295])
      for (const queue of Object.keys(READERS))
        expect(
          await world.process(
            queue,
            { ...change, tx: { ...change.tx, xid } },
            { jobId: `${queue}-${xid}-x` },
          ),
        ).toMatchObject({ state: 'completed', result: null, tries: 1 });
    const { tx, ...bare } = change;
    const { committedAt } = tx;
    const byHand = { ...bare, tx: { committedAt } } as Change<Item>;
    expect(await world.process('once', byHand, { jobId: 'by-hand' })).toMatchObject({ state: 'completed' });
  });
});
