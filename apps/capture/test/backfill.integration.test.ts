import { type Backfill, listBackfills, requestBackfill, steerBackfill } from '@walmq/backfill';
import type { WalmqConfigInput } from '@walmq/config';
import { eventually, type Servers, startServers, stopServers } from '@walmq/testing';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { CaptureWorld } from './capture-fixture.js';

interface Wanted {
  readonly queue: string;
  readonly table: string;
  readonly filter?: string;
  readonly chunkRows?: number;
}

function request(world: CaptureWorld, { queue, table, filter, chunkRows }: Wanted): Promise<Backfill> {
  return requestBackfill(world.client, {
    slot: world.config.source.slot,
    queue,
    schema: 'public',
    table,
    filter: filter ?? null,
    chunkRows: chunkRows ?? 100,
    rowsExpected: null,
  });
}

async function ended(world: CaptureWorld, id: string): Promise<Backfill> {
  return await vi.waitFor(
    async () => {
      const found = (await listBackfills(world.client, world.config.source.slot)).find(
        each => each.id === id,
      );
      if (!found || !['done', 'failed', 'cancelled'].includes(found.status))
        throw new Error(`${found?.status}`);
      return found;
    },
    { timeout: 30_000, interval: 20 },
  );
}

describe('a backfill', () => {
  let servers: Servers;
  beforeAll(async () => {
    servers = await startServers();
  });
  afterAll(() => stopServers(servers));

  const create = (name: string, schema: string, queues: WalmqConfigInput['queues'], shards?: number) =>
    CaptureWorld.create(servers, name, { schema, queues, ...(shards ? { shards } : {}) });

  it('enqueues every row once as a read, into the one queue, with the values a change would have', async () => {
    await using world = await create(
      'backfill_rows',
      `CREATE TABLE things (id integer PRIMARY KEY, at timestamptz, doc jsonb, price numeric, note text);
       INSERT INTO things SELECT i, '2026-11-22 10:00:00+02', '{"n": 1.10}', i / 4.0, CASE WHEN i % 2 = 0 THEN 'say "hi"' END
         FROM generate_series(1, 2500) i`,
      { things: { table: 'things' }, other: { table: 'things' } },
    );
    const capture = world.capture();
    const { id } = await request(world, { queue: 'things', table: 'things', chunkRows: 1000 });
    expect(await ended(world, id)).toMatchObject({
      status: 'done',
      rowsRead: 2500,
      rowsEnqueued: 2500,
      error: null,
    });
    await world.client.query('UPDATE things SET note = note WHERE id = 7');
    const changes = await world.waitForChanges('things', 2501);
    const [update] = await world.waitForChanges('other', 1);
    await capture.stop();
    expect(changes.slice(0, -1).map(({ after }) => after?.id)).toEqual(
      Array.from({ length: 2500 }, (_, i) => i + 1),
    );
    expect(changes[6]).toMatchObject({
      op: 'read',
      schema: 'public',
      table: 'things',
      key: { id: 7 },
      before: null,
      after: { id: 7, at: '2026-11-22T08:00:00Z', doc: { n: 1.1 }, price: '1.7500000000000000', note: null },
    });
    expect(changes[6]?.after).toEqual(update?.after);
    expect(new Set(changes.map(change => change.id)).size).toBe(2501);
  });

  it.each([
    ['composite', 'a integer, b text COLLATE "C", PRIMARY KEY (b, a)', 'i % 7, chr(65 + i % 26) || i'],
    ['uuid', 'a uuid PRIMARY KEY, b integer', 'gen_random_uuid(), i'],
    [
      'text',
      'a text PRIMARY KEY, b integer',
      `CASE i % 3 WHEN 0 THEN 'ä' WHEN 1 THEN E'it''s \\\\ "' ELSE 'Z' END || i, i`,
    ],
    [
      'timestamptz',
      'a timestamptz PRIMARY KEY, b integer',
      "'2026-01-01'::timestamptz + i * interval '1.5 s', i",
    ],
    ['numeric', 'a numeric PRIMARY KEY, b integer', 'i / 3.0, i'],
    ['enum', 'a size, c integer, PRIMARY KEY (a, c)', "(ARRAY['s','m','l']::size[])[1 + i % 3], i"],
  ])('reads a table with a %s key to its end, in chunks', async (kind, columns, values) => {
    await using world = await create(
      `backfill_${kind}`,
      `CREATE TYPE size AS ENUM ('s', 'm', 'l'); CREATE TABLE "Odd things" (${columns});
       INSERT INTO "Odd things" SELECT ${values} FROM generate_series(1, 250) i;
       ALTER TABLE "Odd things" RENAME TO odd_things`,
      { odd: { table: 'odd_things' } },
      kind === 'uuid' ? 3 : undefined,
    );
    const capture = world.capture();
    const { id } = await request(world, { queue: 'odd', table: 'odd_things', chunkRows: 33 });
    expect(await ended(world, id)).toMatchObject({ status: 'done', rowsEnqueued: 250 });
    const changes = await world.waitForChanges('odd', 250);
    await capture.stop();
    expect(new Set(changes.map(({ key }) => JSON.stringify(key))).size).toBe(250);
  });

  it.each([
    ['another name', 'name', 'RENAME COLUMN note TO remark', 1],
    ['another type', 'type', 'ALTER COLUMN note TYPE text USING note || $$ kg$$', '1 kg'],
  ])(
    'reads a chunk again if a column gets %s after the look at the columns',
    async (_what, slug, alteration, note) => {
      await using world = await create(
        `backfill_altered_${slug}`,
        'CREATE TABLE things (id integer PRIMARY KEY, note integer); INSERT INTO things SELECT i, i FROM generate_series(1, 10) i',
        { things: { table: 'things' } },
      );
      const other = new Client(world.databaseUrl);
      await other.connect();
      onTestFinished(() => other.end());
      // The backfill reads the columns of the catalog, and then waits for the lock.
      await other.query(`BEGIN; ALTER TABLE things ${alteration}`);
      const capture = world.capture();
      const { id } = await request(world, { queue: 'things', table: 'things' });
      await eventually(async () => {
        const { rows } = await world.client.query(
          "SELECT FROM pg_stat_activity WHERE application_name = 'walmq capture backfill' AND wait_event_type = 'Lock'",
        );
        expect(rows).toHaveLength(1);
      });
      await other.query('COMMIT');
      expect(await ended(world, id)).toMatchObject({ status: 'done', rowsEnqueued: 10, error: null });
      const [change] = await world.waitForChanges('things', 10);
      await capture.stop();
      expect(Object.values(change?.after ?? {})).toEqual([1, note]);
    },
  );

  it('reads a partitioned table as the whole, and the tables that inherit from one with it', async () => {
    await using world = await create(
      'backfill_parts',
      `CREATE TABLE parts (id integer PRIMARY KEY) PARTITION BY RANGE (id);
       CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (1) TO (50);
       CREATE TABLE parts_2 PARTITION OF parts FOR VALUES FROM (50) TO (101);
       CREATE TABLE parent (id integer PRIMARY KEY); CREATE TABLE child () INHERITS (parent);
       INSERT INTO parts SELECT generate_series(1, 100);
       INSERT INTO parent VALUES (1), (2); INSERT INTO child VALUES (3)`,
      { parts: { table: 'parts' }, parents: { table: 'parent' } },
    );
    const capture = world.capture();
    const parts = await request(world, { queue: 'parts', table: 'parts' });
    const parents = await request(world, { queue: 'parents', table: 'parent' });
    await ended(world, parts.id);
    await ended(world, parents.id);
    const changes = await world.waitForChanges('parts', 100);
    expect(new Set(changes.map(({ table }) => table))).toEqual(new Set(['parts']));
    const inherited = await world.waitForChanges('parents', 3);
    expect(inherited.map(({ table, after }) => [table, after?.id])).toEqual([
      ['parent', 1],
      ['parent', 2],
      ['parent', 3],
    ]);
    await capture.stop();
  });

  it('takes only what the filter takes, which is one condition and nothing else', async () => {
    await using world = await create(
      'backfill_filter',
      `CREATE TABLE orders (id integer PRIMARY KEY, status text);
       INSERT INTO orders SELECT i, CASE WHEN i % 50 = 0 THEN 'pending' WHEN i % 3 = 0 THEN NULL ELSE 'paid' END
         FROM generate_series(1, 500) i`,
      { orders: { table: 'orders' } },
    );
    const capture = world.capture();
    const right = await request(world, {
      queue: 'orders',
      table: 'orders',
      filter: "orders.status = 'pending' -- late",
    });
    expect(await ended(world, right.id)).toMatchObject({ status: 'done', rowsRead: 500, rowsEnqueued: 10 });
    const wrong = await request(world, { queue: 'orders', table: 'orders', filter: 'price > 1' });
    expect(await ended(world, wrong.id)).toMatchObject({
      status: 'failed',
      error: expect.stringMatching(/"price"/),
    });
    const nasty = await request(world, {
      queue: 'orders',
      table: 'orders',
      filter: 'true) AS walmq_wanted FROM orders) AS c; DROP TABLE orders; --',
    });
    expect(await ended(world, nasty.id)).toMatchObject({
      status: 'failed',
    });
    const writing = await request(world, {
      queue: 'orders',
      table: 'orders',
      filter: "pg_catalog.nextval('numbers') > 0",
    });
    await world.client.query('CREATE SEQUENCE numbers');
    expect(await ended(world, writing.id)).toMatchObject({ status: 'failed' });
    expect((await world.waitForChanges('orders', 10)).map(({ after }) => after?.status)).toEqual(
      Array(10).fill('pending'),
    );
    await capture.stop();
  });

  it('is refused, with a reason, for a table that has no key, is not published or is gone', async () => {
    await using world = await create(
      'backfill_refused',
      'CREATE TABLE logs (line text); INSERT INTO logs VALUES (1)',
      {
        logs: { table: 'logs', orderBy: false },
      },
    );
    const capture = world.capture();
    const keyless = await request(world, { queue: 'logs', table: 'logs' });
    expect(await ended(world, keyless.id)).toMatchObject({
      status: 'failed',
      error: expect.stringMatching(/no primary key/),
    });
    await world.client.query(`ALTER TABLE logs ADD id integer PRIMARY KEY DEFAULT 1;
      ALTER PUBLICATION ${world.config.source.publication} DROP TABLE logs`);
    const unpublished = await request(world, { queue: 'logs', table: 'logs' });
    expect((await ended(world, unpublished.id)).error).toMatch(/not in publication .* walmq setup/);
    const other = await request(world, { queue: 'logs', table: 'nothing' });
    expect((await ended(world, other.id)).error).toMatch(/no queue "logs" takes public.nothing/);
    await world.client.query('DROP TABLE logs');
    const gone = await request(world, { queue: 'logs', table: 'logs' });
    expect((await ended(world, gone.id)).error).toMatch(/there is no table public.logs/);
    await capture.stop();
  });

  it('of a queue with snapshot: initial is made once, by itself, also over restarts', async () => {
    await using world = await create(
      'backfill_initial',
      'CREATE TABLE things (id integer PRIMARY KEY); INSERT INTO things SELECT generate_series(1, 300)',
      { things: { table: 'things', snapshot: 'initial' }, others: { table: 'things' } },
    );
    for (const _ of [1, 2]) {
      const capture = world.capture();
      await expect
        .poll(
          async () =>
            (await listBackfills(world.client, world.config.source.slot)).map(({ status }) => status),
          {
            timeout: 30_000,
          },
        )
        .toEqual(['done']);
      await capture.stop();
    }
    expect((await world.changes('things')).length).toBe(300);
    expect(await world.changes('others')).toEqual([]);
  });

  it('is paused, goes on where it was, and is cancelled', async () => {
    await using world = await create(
      'backfill_steered',
      'CREATE TABLE things (id integer PRIMARY KEY); INSERT INTO things SELECT generate_series(1, 3000)',
      { things: { table: 'things' } },
    );
    const { slot } = world.config.source;
    const notices: string[] = [];
    let stop: Promise<unknown> | undefined;
    const capture = world.capture({
      backfill: ({ notice: { event } }) => {
        notices.push(event);
        if (event === 'chunk') stop ??= steerBackfill(world.client, { slot, id, step: 'pause' });
      },
    });
    const { id } = await request(world, { queue: 'things', table: 'things', chunkRows: 10 });
    await expect.poll(() => stop, { timeout: 30_000 }).toBeDefined();
    await stop;
    const other = await request(world, { queue: 'things', table: 'things', filter: 'id <= 5' });
    await ended(world, other.id);
    const [paused] = await listBackfills(world.client, slot);
    expect(paused).toMatchObject({ status: 'paused' });
    expect(paused?.rowsRead).toBeLessThan(3000);
    await steerBackfill(world.client, { slot, id, step: 'resume' });
    expect(await ended(world, id)).toMatchObject({ status: 'done', rowsRead: 3000, rowsEnqueued: 3000 });
    await expect(steerBackfill(world.client, { slot, id, step: 'cancel' })).rejects.toThrow(/is done/);
    await expect(steerBackfill(world.client, { slot, id: '999', step: 'cancel' })).rejects.toThrow(
      /no backfill 999/,
    );
    const third = await request(world, { queue: 'things', table: 'things', chunkRows: 1 });
    await steerBackfill(world.client, { slot, id: third.id, step: 'cancel' });
    const after = await request(world, { queue: 'things', table: 'things', filter: 'id = 1' });
    await ended(world, after.id);
    expect(await ended(world, third.id)).toMatchObject({ status: 'cancelled' });
    await capture.stop();
  });

  it('does not hold up or break a capture whose database lacks the table for it', async () => {
    await using world = await create('backfill_tableless', 'CREATE TABLE things (id integer PRIMARY KEY)', {
      things: { table: 'things' },
    });
    await world.client.query('DROP TABLE walmq.backfill');
    const notices: unknown[] = [];
    const capture = world.capture({ backfill: ({ notice }) => notices.push(notice) });
    await world.client.query('INSERT INTO things VALUES (1)');
    await world.waitForChanges('things', 1);
    await expect.poll(() => notices, { timeout: 30_000 }).toHaveLength(1);
    expect(notices).toMatchObject([
      { event: 'interrupted', reason: expect.stringMatching(/walmq\.backfill/) },
    ]);
    await capture.stop();
  });
});
