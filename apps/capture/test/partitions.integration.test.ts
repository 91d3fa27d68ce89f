import type { Change } from '@walmq/change';
import { type Servers, startServers, stopServers } from '@walmq/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CaptureWorld } from './capture-fixture.js';

describe('partitions that log less of an old row than their table promises', () => {
  let servers: Servers;
  beforeAll(async () => {
    servers = await startServers();
  });
  afterAll(() => stopServers(servers));

  const told = (changes: readonly Change[]) =>
    changes.map(({ op, key, before, after, changed, unchanged }) => ({
      op,
      key,
      before,
      after,
      ...(changed && { changed }),
      ...(unchanged && { unchanged }),
    }));

  it('a column that was not sent is left out, never null, and the key comes from what was sent', async () => {
    await using world = await CaptureWorld.create(servers, 'part_identity', {
      schema: `CREATE TABLE items (id integer PRIMARY KEY, code text NOT NULL, note text, body text) PARTITION BY RANGE (id);
               CREATE TABLE items_full PARTITION OF items FOR VALUES FROM (0) TO (100);`,
      queues: { items: { table: 'items' } },
    });
    const body = 'x'.repeat(10);
    await world.client.query(`
      -- Made after set-up: REPLICA IDENTITY is not inherited. Its columns stand in another order.
      CREATE TABLE items_key (body text, note text, code text NOT NULL, id integer NOT NULL);
      ALTER TABLE items ATTACH PARTITION items_key FOR VALUES FROM (100) TO (200);
      CREATE TABLE items_code PARTITION OF items FOR VALUES FROM (200) TO (300);
      CREATE UNIQUE INDEX items_code_code ON items_code (code);
      ALTER TABLE items_code REPLICA IDENTITY USING INDEX items_code_code;
      ALTER TABLE items_key ALTER body SET STORAGE EXTERNAL;`);
    const large = 'y'.repeat(10_000);
    const capture = world.capture();
    const statements = [
      `INSERT INTO items VALUES (1, 'a', NULL, '${body}'), (101, 'b', NULL, '${large}'), (201, 'c', 'n', '${body}')`,
      "UPDATE items SET note = 'm'",
      // The key moves inside a partition; what is out of line and was not touched is not invented either.
      'UPDATE items SET id = 102 WHERE id = 101',
      "UPDATE items SET id = 202, code = 'd' WHERE id = 201",
      'DELETE FROM items WHERE id = 1',
      'DELETE FROM items WHERE id = 102',
      'DELETE FROM items WHERE id = 202',
      // From here on its rows come whole, and one that is nothing but its key is whole too.
      'ALTER TABLE items_key REPLICA IDENTITY FULL',
      "INSERT INTO items VALUES (103, 'e', NULL, NULL)",
      'DELETE FROM items WHERE id = 103',
    ];
    for (const statement of statements) await world.client.query(statement);
    const changes = told(await world.waitForChanges('items', 14));
    expect(changes.slice(3)).toEqual([
      {
        op: 'update',
        key: { id: 1 },
        before: { id: 1, code: 'a', note: null, body },
        after: { id: 1, code: 'a', note: 'm', body },
        changed: ['note'],
      },
      {
        op: 'update',
        key: { id: 101 },
        before: null,
        after: { id: 101, code: 'b', note: 'm' },
        unchanged: ['body'],
      },
      { op: 'update', key: { id: 201 }, before: null, after: { id: 201, code: 'c', note: 'm', body } },
      { op: 'delete', key: { id: 101 }, before: { id: 101 }, after: null },
      {
        op: 'insert',
        key: { id: 102 },
        before: null,
        after: { id: 102, code: 'b', note: 'm' },
        unchanged: ['body'],
      },
      // Its old key was not sent: a part of a row is no key.
      { op: 'update', key: { id: 202 }, before: null, after: { id: 202, code: 'd', note: 'm', body } },
      { op: 'delete', key: { id: 1 }, before: { id: 1, code: 'a', note: 'm', body }, after: null },
      { op: 'delete', key: { id: 102 }, before: { id: 102 }, after: null },
      { op: 'delete', key: null, before: { code: 'd' }, after: null },
      expect.objectContaining({ op: 'insert' }),
      { op: 'delete', key: { id: 103 }, before: { id: 103, code: 'e', note: null, body: null }, after: null },
    ]);
    await capture.stop();
  });

  it('a table of DEFAULT identity whose partition logs another index', async () => {
    await using world = await CaptureWorld.create(servers, 'part_other', {
      schema: `CREATE TABLE items (id integer PRIMARY KEY, code text NOT NULL) PARTITION BY RANGE (id);
               CREATE TABLE items_1 PARTITION OF items FOR VALUES FROM (0) TO (100);
               CREATE UNIQUE INDEX items_code ON items_1 (code);`,
      queues: { items: { table: 'items' } },
    });
    await world.client.query(
      `ALTER TABLE items REPLICA IDENTITY DEFAULT; ALTER TABLE items_1 REPLICA IDENTITY USING INDEX items_code`,
    );
    const capture = world.capture();
    await world.client.query("INSERT INTO items VALUES (1, 'a'); DELETE FROM items");
    const [, deleted] = told(await world.waitForChanges('items', 2));
    expect(deleted).toEqual({ op: 'delete', key: null, before: {}, after: null });
    await capture.stop();
  });
});
