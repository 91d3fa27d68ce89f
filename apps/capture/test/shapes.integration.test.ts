import type { Change } from '@walmq/change';
import { type Servers, startServers, stopServers } from '@walmq/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CaptureWorld } from './capture-fixture.js';

describe('tables of every shape, and transactions of every kind', () => {
  let servers: Servers;
  beforeAll(async () => {
    servers = await startServers({ postgres: { max_prepared_transactions: 10 } });
  });
  afterAll(() => stopServers(servers));

  it('a table without a key is in order as a whole', async () => {
    await using world = await CaptureWorld.create(servers, 'shape_keyless', {
      schema: 'CREATE TABLE logs (line text)',
      queues: { logs: { table: 'logs' } },
    });
    const capture = world.capture();
    await world.client.query(`INSERT INTO logs SELECT 'line ' || i FROM generate_series(1, 5) i`);
    const changes = await world.waitForChanges('logs', 5);
    await capture.stop();
    expect(changes.map(({ key }) => key)).toEqual([null, null, null, null, null]);
    expect(await world.redis.llen('shape_keyless:logs:wait')).toBe(1);
    expect(await world.redis.zcard('shape_keyless:logs:waiting-children')).toBe(4);
  });

  it('no column at all, one, and as many as a table can have', async () => {
    const wide = Array.from({ length: 1599 }, (_, index) => index + 1);
    await using world = await CaptureWorld.create(servers, 'shape_columns', {
      schema: `CREATE TABLE none (); CREATE TABLE one (id integer PRIMARY KEY);
        CREATE TABLE wide (id integer PRIMARY KEY, ${wide.map(n => `c${n} smallint`).join(', ')})`,
      queues: { none: { table: 'none' }, one: { table: 'one' }, wide: { table: 'wide' } },
    });
    const capture = world.capture();
    await world.client.query('INSERT INTO none DEFAULT VALUES; INSERT INTO none DEFAULT VALUES');
    await world.client.query('DELETE FROM none');
    await world.client.query('INSERT INTO one VALUES (1); UPDATE one SET id = 2; DELETE FROM one');
    await world.client.query(`INSERT INTO wide VALUES (0, ${wide.join(', ')})`);
    await world.client.query('UPDATE wide SET c1599 = NULL');
    const none = await world.waitForChanges('none', 4);
    const one = await world.waitForChanges('one', 4);
    const [inserted, updated] = await world.waitForChanges('wide', 2);
    await capture.stop();

    expect(none.map(({ op, before, after }) => [op, before, after])).toEqual([
      ['insert', null, {}],
      ['insert', null, {}],
      ['delete', {}, null],
      ['delete', {}, null],
    ]);
    expect(one.map(({ op, key }) => [op, key])).toEqual([
      ['insert', { id: 1 }],
      ['delete', { id: 1 }],
      ['insert', { id: 2 }],
      ['delete', { id: 2 }],
    ]);
    const row = Object.fromEntries([['id', 0], ...wide.map(n => [`c${n}`, n])]);
    expect(inserted?.after).toEqual(row);
    expect(updated).toMatchObject({ before: row, after: { ...row, c1599: null }, changed: ['c1599'] });
  });

  it('names that have to be quoted, of schemas, tables, columns and types', async () => {
    const table = 'Bestellung–Ü€🚀_'.padEnd(40, 'x');
    const columns = [
      'a "quoted" one',
      'with.dot',
      "apo'strophe",
      'back\\slash',
      '{brace}',
      '__proto__',
      'Größe',
      'x'.repeat(63),
    ];
    const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`;
    await using world = await CaptureWorld.create(servers, 'shape_names', {
      schema: `CREATE SCHEMA "My-Schema"; CREATE TYPE "My-Schema"."Mood.x" AS ENUM ('so "so"', 'back\\slash', '');
        CREATE TABLE "My-Schema".${quoted(table)} ("Id:1" text PRIMARY KEY, moods "My-Schema"."Mood.x"[],
          ${columns.map(name => `${quoted(name)} text`).join(', ')})`,
      queues: { 'odd-{name}': { table: `My-Schema.${table}` } },
    });
    const capture = world.capture();
    const place = `"My-Schema".${quoted(table)}`;
    await world.client.query(
      `INSERT INTO ${place} VALUES ($1, $2, ${columns.map((_, i) => `$${i + 3}`).join(', ')})`,
      ['a:b {c} "d" \\ \n', '{"so \\"so\\"","back\\\\slash",""}', ...columns],
    );
    await world.client.query(`UPDATE ${place} SET "__proto__" = 'other'`);
    const [inserted, updated] = await world.waitForChanges('odd-{name}', 2);
    await capture.stop();
    expect(inserted).toMatchObject({ schema: 'My-Schema', table, key: { 'Id:1': 'a:b {c} "d" \\ \n' } });
    expect(Object.entries(inserted?.after ?? {})).toEqual([
      ['Id:1', 'a:b {c} "d" \\ \n'],
      ['moods', ['so "so"', 'back\\slash', '']],
      ...columns.map(name => [name, name]),
    ]);
    expect(updated?.changed).toEqual(['__proto__']);
  });

  it('prepared transactions, savepoints, TRUNCATE CASCADE, foreign origins, transactions of nothing', async () => {
    await using world = await CaptureWorld.create(servers, 'shape_transactions', {
      schema: `CREATE TABLE parents (id integer PRIMARY KEY);
        CREATE TABLE children (id integer PRIMARY KEY, parent integer REFERENCES parents);
        CREATE TABLE unrouted (id integer); CREATE TABLE halves (id integer PRIMARY KEY) PARTITION BY RANGE (id);
        CREATE TABLE low PARTITION OF halves FOR VALUES FROM (0) TO (10);
        CREATE TABLE high PARTITION OF halves FOR VALUES FROM (10) TO (20)`,
      queues: { family: { tables: { parents: {}, children: {} } }, halves: { table: 'halves' } },
    });
    const capture = world.capture();
    const run = async (...statements: string[]) => {
      for (const statement of statements) await world.client.query(statement);
    };
    await run('BEGIN', 'INSERT INTO parents VALUES (1)', "PREPARE TRANSACTION 'first'");
    await run('BEGIN', 'INSERT INTO parents VALUES (2)', "PREPARE TRANSACTION 'second'");
    await run("COMMIT PREPARED 'second'", "COMMIT PREPARED 'first'");
    await run(
      'BEGIN',
      'INSERT INTO parents VALUES (3)',
      "PREPARE TRANSACTION 'third'",
      "ROLLBACK PREPARED 'third'",
    );
    await run(
      'BEGIN',
      'INSERT INTO children VALUES (1, 1)',
      'SAVEPOINT a',
      'INSERT INTO children VALUES (2, 1)',
    );
    await run('ROLLBACK TO a', 'SAVEPOINT b', 'INSERT INTO children VALUES (3, 1)', 'RELEASE b', 'COMMIT');
    await run('BEGIN', 'COMMIT', 'INSERT INTO unrouted VALUES (1)', 'VACUUM parents');
    await run(
      "SELECT pg_replication_origin_create('elsewhere')",
      "SELECT pg_replication_origin_session_setup('elsewhere')",
    );
    await run(
      'BEGIN',
      "SELECT pg_replication_origin_xact_setup('0/1234', now())",
      'INSERT INTO parents VALUES (4)',
      'COMMIT',
    );
    await run('SELECT pg_replication_origin_session_reset()', 'TRUNCATE parents CASCADE');
    await run('INSERT INTO halves VALUES (5)', 'UPDATE halves SET id = 15', 'TRUNCATE halves');
    const family = await world.waitForChanges('family', 7);
    const halves = await world.waitForChanges('halves', 4);
    await world.waitUntilAcknowledged();
    await capture.stop();
    expect(family.slice(0, 5).map(brief)).toEqual([
      'insert parents {"id":2}',
      'insert parents {"id":1}',
      'insert children {"id":1}',
      'insert children {"id":3}',
      'insert parents {"id":4}',
    ]);
    expect(family.slice(5).map(brief).sort()).toEqual(['truncate children null', 'truncate parents null']);
    expect(halves.map(brief)).toEqual([
      'insert halves {"id":5}',
      'delete halves {"id":5}',
      'insert halves {"id":15}',
      'truncate halves null',
    ]);
  });

  it('a change keeps its number when it is read again, though its table has lost its key meanwhile', async () => {
    await using world = await CaptureWorld.create(servers, 'shape_numbers', {
      schema: 'CREATE TABLE things (id integer PRIMARY KEY); CREATE TABLE last (id integer PRIMARY KEY)',
      queues: { last: { table: 'last' }, things: { table: 'things' } },
      capture: { ackDelayMs: 3_600_000 },
    });
    await world.client.query(
      'BEGIN; INSERT INTO things VALUES (1); UPDATE things SET id = 2; INSERT INTO last VALUES (1); COMMIT',
    );
    const first = world.capture();
    const [before] = await world.waitForChanges('last', 1);
    await first.stop();
    // As after a crash in the middle of the transaction: nothing of it is acknowledged.
    await world.client.query('DROP TABLE things');
    await world.redis.flushall();
    const second = world.capture();
    const [again] = await world.waitForChanges('last', 1);
    await second.stop();
    expect(again?.id).toBe(before?.id);
  });
});

function brief({ op, table, key }: Change): string {
  return `${op} ${table} ${JSON.stringify(key)}`;
}
