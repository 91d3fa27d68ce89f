import { type Servers, startServers, stopServers } from '@walmq/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CaptureWorld } from './capture-fixture.js';

describe('operations, from PostgreSQL to jobs', () => {
  let servers: Servers;
  beforeAll(async () => {
    servers = await startServers();
  });
  afterAll(() => stopServers(servers));

  const ITEMS = 'CREATE TABLE items (id integer PRIMARY KEY, parent integer, name text)';

  it('insert, update, delete and truncate carry key, before, after and what changed', async () => {
    await using world = await CaptureWorld.create(servers, 'ops_each', {
      schema: ITEMS,
      queues: { items: { table: 'items' } },
    });
    const capture = world.capture();
    await world.client.query("INSERT INTO items VALUES (1, 7, 'a')");
    await world.client.query("UPDATE items SET name = 'b'");
    await world.client.query('DELETE FROM items');
    await world.client.query('TRUNCATE items');
    const changes = await world.waitForChanges('items', 4);
    await capture.stop();

    expect(
      changes.map(({ op, schema, table, key, before, after, changed }) => ({
        op,
        schema,
        table,
        key,
        before,
        after,
        changed,
      })),
    ).toEqual([
      {
        op: 'insert',
        schema: 'public',
        table: 'items',
        key: { id: 1 },
        before: null,
        after: { id: 1, parent: 7, name: 'a' },
      },
      {
        op: 'update',
        schema: 'public',
        table: 'items',
        key: { id: 1 },
        before: { id: 1, parent: 7, name: 'a' },
        after: { id: 1, parent: 7, name: 'b' },
        changed: ['name'],
      },
      {
        op: 'delete',
        schema: 'public',
        table: 'items',
        key: { id: 1 },
        before: { id: 1, parent: 7, name: 'b' },
        after: null,
      },
      { op: 'truncate', schema: 'public', table: 'items', key: null, before: null, after: null },
    ]);
    for (const { id, tx } of changes) {
      expect(id).toMatch(/^[0-9A-F]{16}-0000000001$/);
      expect(tx).toMatchObject({
        seq: 1,
        xid: expect.any(Number),
        lsn: expect.stringMatching(/^[0-9A-F]+\/[0-9A-F]+$/),
      });
      expect(tx.committedAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
    }
  });

  it('a change of the key is a delete of the old key, then an insert of the new one', async () => {
    await using world = await CaptureWorld.create(servers, 'ops_key', {
      schema: ITEMS,
      queues: { items: { table: 'items' } },
    });
    const capture = world.capture();
    await world.client.query("INSERT INTO items VALUES (1, 7, 'a')");
    await world.client.query("UPDATE items SET id = 2, name = 'b'");
    const [, gone, come] = await world.waitForChanges('items', 3);
    await capture.stop();
    expect(gone).toMatchObject({
      op: 'delete',
      key: { id: 1 },
      before: { id: 1, name: 'a' },
      after: null,
      tx: { seq: 1 },
    });
    expect(come).toMatchObject({
      op: 'insert',
      key: { id: 2 },
      before: null,
      after: { id: 2, name: 'b' },
      tx: { seq: 2 },
    });
  });

  it('only what was committed arrives: no rolled-back transaction, no rolled-back savepoint', async () => {
    await using world = await CaptureWorld.create(servers, 'ops_rollback', {
      schema: ITEMS,
      queues: { items: { table: 'items' } },
    });
    const capture = world.capture();
    await world.client.query("BEGIN; INSERT INTO items VALUES (1, 1, 'no'); ROLLBACK");
    await world.client.query(
      "BEGIN; INSERT INTO items VALUES (2, 1, 'yes'); SAVEPOINT s; INSERT INTO items VALUES (3, 1, 'no'); ROLLBACK TO s; INSERT INTO items VALUES (4, 1, 'yes'); COMMIT",
    );
    const changes = await world.waitForChanges('items', 2);
    await capture.stop();
    expect(changes.map(({ key, tx }) => [key, tx.seq])).toEqual([
      [{ id: 2 }, 1],
      [{ id: 4 }, 2],
    ]);
  });

  it('a change goes to every queue that takes its table and operation', async () => {
    await using world = await CaptureWorld.create(servers, 'ops_fanout', {
      schema: `${ITEMS}; CREATE TABLE others (id integer PRIMARY KEY)`,
      queues: {
        everything: { tables: ['items', 'others'] },
        deletes: { table: 'items', operations: ['delete'] },
        unordered: { table: 'items', orderBy: false },
      },
    });
    const capture = world.capture();
    await world.client.query(
      "INSERT INTO items VALUES (1, 7, 'a'); DELETE FROM items; INSERT INTO others VALUES (1)",
    );
    expect((await world.waitForChanges('everything', 3)).map(({ op, table }) => `${op} ${table}`)).toEqual([
      'insert items',
      'delete items',
      'insert others',
    ]);
    expect((await world.waitForChanges('deletes', 1)).map(({ op }) => op)).toEqual(['delete']);
    await world.waitForChanges('unordered', 2);
    await capture.stop();
    expect(await world.redis.zcard('ops_fanout:unordered:waiting-children')).toBe(0);
    expect(await world.redis.zcard('ops_fanout:everything:waiting-children')).toBe(1);
  });

  it('a capture that is stopped and started again goes on where it was: nothing lost, nothing twice', async () => {
    await using world = await CaptureWorld.create(servers, 'ops_restart', {
      schema: ITEMS,
      queues: { items: { table: 'items' } },
      capture: { batchChanges: 7 },
    });
    for (let round = 0; round < 5; round++) {
      const capture = world.capture();
      await world.client.query(
        'INSERT INTO items SELECT i, 1, $2 FROM generate_series($1::int + 1, $1::int + 100) i',
        [round * 100, `round ${round}`],
      );
      await capture.stop();
    }
    const last = world.capture();
    const changes = await world.waitForChanges('items', 500);
    await last.stop();
    expect(changes.map(change => (change.key as { id: number }).id)).toEqual(
      Array.from({ length: 500 }, (_, i) => i + 1),
    );
  });

  it('acknowledges an idle slot, so that other tables do not hold back the WAL', async () => {
    await using world = await CaptureWorld.create(servers, 'ops_idle', {
      schema: `${ITEMS}; CREATE TABLE unpublished (id integer)`,
      queues: { items: { table: 'items' } },
    });
    const capture = world.capture();
    await world.client.query('INSERT INTO unpublished SELECT generate_series(1, 1000)');
    const { rows } = await world.client.query<{ lsn: string }>('SELECT pg_current_wal_lsn() AS lsn');
    await expect
      .poll(
        async () => {
          const answer = await world.client.query<{ passed: boolean }>(
            'SELECT $1::pg_lsn >= $2::pg_lsn AS passed',
            [await world.confirmedFlushLsn(), rows[0]?.lsn],
          );
          return answer.rows[0]?.passed;
        },
        { timeout: 30_000 },
      )
      .toBe(true);
    await capture.stop();
  });
});
