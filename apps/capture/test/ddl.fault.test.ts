import type { Change } from '@walmq/change';
import { type Servers, startServers, stopServers } from '@walmq/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CaptureWorld } from './capture-fixture.js';

const SCHEMA = 'CREATE TABLE items (id integer PRIMARY KEY, name text)';
const QUEUES = { items: { table: 'items' } };

/** What happens to a table while changes of it are still in the WAL, read or not. */
describe.each([
  ['as it is read', true],
  ['read long after', false],
])('a table altered in mid-stream, %s', (_when, live) => {
  let servers: Servers;
  beforeAll(async () => {
    servers = await startServers();
  });
  afterAll(() => stopServers(servers));

  /** Runs each statement on its own, and returns the changes they made. */
  async function changesOf(name: string, statements: readonly string[], count: number): Promise<Change[]> {
    await using world = await CaptureWorld.create(servers, name, { schema: SCHEMA, queues: QUEUES });
    const running = live ? world.capture() : undefined;
    for (const statement of statements) {
      await world.client.query(statement);
      if (live) await world.waitUntilAcknowledged();
    }
    const capture = running ?? world.capture();
    await world.waitForChanges('items', count);
    await world.waitUntilAcknowledged();
    await capture.stop();
    return await world.waitForChanges('items', count);
  }

  const seen = (changes: readonly Change[]) =>
    changes.map(({ op, key, before, after }) => [op, key, before, after]);

  it('columns added, dropped, renamed, retyped, inside one transaction too', async () => {
    const changes = await changesOf(
      'ddl_columns',
      [
        "INSERT INTO items VALUES (1, 'a')",
        `BEGIN;
         UPDATE items SET name = 'b';
         ALTER TABLE items ADD COLUMN amount numeric DEFAULT 1.50;
         UPDATE items SET name = 'c';
         ALTER TABLE items RENAME COLUMN name TO title;
         UPDATE items SET title = 'd';
         ALTER TABLE items ALTER COLUMN amount TYPE integer;
         UPDATE items SET amount = 7;
         ALTER TABLE items DROP COLUMN title;
         UPDATE items SET amount = 8;
         COMMIT`,
        'DELETE FROM items',
      ],
      7,
    );
    const key = { id: 1 };
    expect(seen(changes)).toEqual([
      ['insert', key, null, { id: 1, name: 'a' }],
      ['update', key, { id: 1, name: 'a' }, { id: 1, name: 'b' }],
      ['update', key, { id: 1, name: 'b', amount: '1.50' }, { id: 1, name: 'c', amount: '1.50' }],
      ['update', key, { id: 1, title: 'c', amount: '1.50' }, { id: 1, title: 'd', amount: '1.50' }],
      ['update', key, { id: 1, title: 'd', amount: 2 }, { id: 1, title: 'd', amount: 7 }],
      ['update', key, { id: 1, amount: 7 }, { id: 1, amount: 8 }],
      ['delete', key, { id: 1, amount: 8 }, null],
    ]);
  });

  it('the key column renamed: every change keeps its key', async () => {
    const changes = await changesOf(
      'ddl_key',
      [
        "INSERT INTO items VALUES (1, 'a')",
        'ALTER TABLE items RENAME COLUMN id TO number',
        "UPDATE items SET name = 'b'",
      ],
      2,
    );
    expect(seen(changes)).toEqual([
      ['insert', { id: 1 }, null, { id: 1, name: 'a' }],
      ['update', { number: 1 }, { number: 1, name: 'a' }, { number: 1, name: 'b' }],
    ]);
  });

  it('the key column renamed, other columns dropped and added: every change keeps its key', async () => {
    const changes = await changesOf(
      'ddl_key_and_more',
      [
        'ALTER TABLE items ADD COLUMN amount integer',
        "INSERT INTO items VALUES (1, 'a', 5)",
        'ALTER TABLE items RENAME COLUMN id TO number',
        'ALTER TABLE items DROP COLUMN name',
        'ALTER TABLE items ADD COLUMN more integer',
        'UPDATE items SET amount = 6',
      ],
      2,
    );
    expect(changes.map(({ op, key }) => [op, key])).toEqual([
      ['insert', { id: 1 }],
      ['update', { number: 1 }],
    ]);
  });

  it('the key made anew, with columns INCLUDEd: they are no part of it', async () => {
    const changes = await changesOf(
      'ddl_include',
      [
        "INSERT INTO items VALUES (1, 'a')",
        'ALTER TABLE items DROP CONSTRAINT items_pkey, ADD PRIMARY KEY (id) INCLUDE (name)',
        "UPDATE items SET name = 'b'",
      ],
      2,
    );
    expect(changes.map(({ op, key }) => [op, key])).toEqual([
      ['insert', { id: 1 }],
      ['update', { id: 1 }],
    ]);
  });

  it('truncated: said where it stands among the rows', async () => {
    const changes = await changesOf(
      'ddl_truncate',
      ["INSERT INTO items VALUES (1, 'a')", 'TRUNCATE items', "INSERT INTO items VALUES (1, 'b')"],
      3,
    );
    expect(seen(changes)).toEqual([
      ['insert', { id: 1 }, null, { id: 1, name: 'a' }],
      ['truncate', null, null, null],
      ['insert', { id: 1 }, null, { id: 1, name: 'b' }],
    ]);
  });

  it('REPLICA IDENTITY changed to DEFAULT, USING INDEX and back to FULL: old values as far as they were logged', async () => {
    const changes = await changesOf(
      'ddl_identity',
      [
        "INSERT INTO items VALUES (1, 'a')",
        'ALTER TABLE items REPLICA IDENTITY DEFAULT',
        "UPDATE items SET name = 'b'",
        'UPDATE items SET id = 2',
        'ALTER TABLE items ALTER COLUMN name SET NOT NULL',
        'CREATE UNIQUE INDEX items_name ON items (name)',
        'ALTER TABLE items REPLICA IDENTITY USING INDEX items_name',
        'UPDATE items SET id = 3',
        'ALTER TABLE items REPLICA IDENTITY FULL',
        "UPDATE items SET name = 'c'",
        'DELETE FROM items',
      ],
      7,
    );
    expect(seen(changes)).toEqual([
      ['insert', { id: 1 }, null, { id: 1, name: 'a' }],
      ['update', { id: 1 }, null, { id: 1, name: 'b' }],
      ['delete', { id: 1 }, { id: 1 }, null],
      ['insert', { id: 2 }, null, { id: 2, name: 'b' }],
      ['update', { name: 'b' }, null, { id: 3, name: 'b' }],
      ['update', { id: 3 }, { id: 3, name: 'b' }, { id: 3, name: 'c' }],
      ['delete', { id: 3 }, { id: 3, name: 'c' }, null],
    ]);
  });

  it('REPLICA IDENTITY NOTHING: PostgreSQL refuses updates and deletes; inserts arrive', async () => {
    const changes = await changesOf(
      'ddl_nothing',
      [
        "INSERT INTO items VALUES (1, 'a')",
        'ALTER TABLE items REPLICA IDENTITY NOTHING',
        "INSERT INTO items VALUES (2, 'b')",
        `DO $$ BEGIN UPDATE items SET name = 'c'; RAISE 'was let through';
           EXCEPTION WHEN object_not_in_prerequisite_state THEN NULL; END $$`,
        'ALTER TABLE items REPLICA IDENTITY FULL',
        "UPDATE items SET name = 'd' WHERE id = 2",
      ],
      3,
    );
    expect(seen(changes).map(([op, , , after]) => [op, after])).toEqual([
      ['insert', { id: 1, name: 'a' }],
      ['insert', { id: 2, name: 'b' }],
      ['update', { id: 2, name: 'd' }],
    ]);
  });

  it('dropped and created anew with other columns, then published again: each change as its table was', async () => {
    const changes = await changesOf(
      'ddl_anew',
      [
        "INSERT INTO items VALUES (1, 'a')",
        'DROP TABLE items',
        'CREATE TABLE items (code text PRIMARY KEY, price numeric(10, 2), tags text[])',
        'ALTER TABLE items REPLICA IDENTITY FULL',
        "INSERT INTO items VALUES ('unseen', 1, '{}')",
        'ALTER PUBLICATION walmq ADD TABLE items',
        "INSERT INTO items VALUES ('x', 2, '{new}')",
        "UPDATE items SET price = 3 WHERE code = 'x'",
      ],
      3,
    );
    expect(changes.map(({ op, after }) => [op, after])).toEqual([
      ['insert', { id: 1, name: 'a' }],
      ['insert', { code: 'x', price: '2.00', tags: ['new'] }],
      ['update', { code: 'x', price: '3.00', tags: ['new'] }],
    ]);
    // The key of a table is looked up in the catalog: of one that was gone before it was first looked at, nobody knows.
    expect(changes.map(({ key }) => key)).toEqual([live ? { id: 1 } : null, { code: 'x' }, { code: 'x' }]);
  });
});
