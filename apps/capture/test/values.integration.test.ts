import { type Servers, startServers, stopServers } from '@walmq/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CaptureWorld } from './capture-fixture.js';

/** Column type, SQL value, the value a worker sees. */
const VALUES: [type: string, sql: string, json: unknown][] = [
  ['smallint', '-32768', -32768],
  ['integer', '2147483647', 2147483647],
  ['bigint', '9223372036854775807', '9223372036854775807'],
  ['real', '1.5', 1.5],
  ['double precision', '0.1', 0.1],
  ['double precision', '1e300', 1e300],
  ['double precision', "'NaN'", 'NaN'],
  ['double precision', "'-Infinity'", '-Infinity'],
  ['numeric', '12345678901234567890.123456789', '12345678901234567890.123456789'],
  ['numeric', "'NaN'", 'NaN'],
  ['numeric', "'Infinity'", 'Infinity'],
  ['decimal(10,2)', '99.90', '99.90'],
  ['money', "'12.34'", '$12.34'],
  ['boolean', 'true', true],
  [
    'text',
    "E'quote \" backslash \\\\ tab \\t newline \\n euro € rocket 🚀'",
    'quote " backslash \\ tab \t newline \n euro € rocket 🚀',
  ],
  ['text', "''", ''],
  ['varchar(10)', "'abc'", 'abc'],
  ['char(5)', "'abc'", 'abc  '],
  ['json', `'{"a": 1.10, "b": [1, null]}'`, { a: 1.1, b: [1, null] }],
  ['jsonb', `'{"n": 1}'`, { n: 1 }],
  ['jsonb', "'null'", null],
  ['bytea', "'\\x00ff10'", 'AP8Q'],
  ['date', "'2026-11-22'", '2026-11-22'],
  ['date', "'0044-03-15 BC'", '-000043-03-15'],
  ['date', "'infinity'", 'infinity'],
  ['timestamp', "'2026-11-22 10:00:00.123456'", '2026-11-22T10:00:00.123456'],
  ['timestamp', "'-infinity'", '-infinity'],
  ['timestamptz', "'2026-11-22 10:00:00+02'", '2026-11-22T08:00:00Z'],
  ['timestamptz', "'12026-01-01 00:00:00+00'", '+012026-01-01T00:00:00Z'],
  ['time', "'10:00:00'", '10:00:00'],
  ['timetz', "'10:00:00+02'", '10:00:00+02'],
  ['interval', "'1 day 2 hours'", 'P1DT2H'],
  ['uuid', "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'", 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'],
  ['inet', "'10.0.0.1/8'", '10.0.0.1/8'],
  ['xml', "'<a/>'", '<a/>'],
  ['point', "'(1,2)'", '(1,2)'],
  ['int4range', "'[1,5)'", '[1,5)'],
  ['tsvector', "'a b'", "'a' 'b'"],
  ['oid', '4294967295', '4294967295'],
  ['bit(3)', "B'101'", '101'],
  ['int2vector', "'1 2'", '1 2'],
  ['mood', "'happy'", 'happy'],
  ['positive', '7', 7],
  ['pair', "ROW(1, 'x')", '(1,x)'],
  ['integer[]', "'{1,NULL,3}'", [1, null, 3]],
  [
    'integer[][]',
    "'{{1,2},{3,4}}'",
    [
      [1, 2],
      [3, 4],
    ],
  ],
  ['text[]', `ARRAY['a,b', 'c"d', NULL, '']`, ['a,b', 'c"d', null, '']],
  ['bigint[]', "'{9223372036854775807}'", ['9223372036854775807']],
  ['jsonb[]', `ARRAY['{"a":1}'::jsonb]`, [{ a: 1 }]],
  ['timestamptz[]', "ARRAY['2026-01-01 00:00:00+00'::timestamptz]", ['2026-01-01T00:00:00Z']],
  ['mood[]', "ARRAY['sad','happy']::mood[]", ['sad', 'happy']],
  ['positive[]', 'ARRAY[1,2]::positive[]', [1, 2]],
  ['box[]', "ARRAY['(1,2),(3,4)'::box]", ['(3,4),(1,2)']],
  ['text', 'NULL', null],
  ['integer[]', 'NULL', null],
];

const TYPES = `
  CREATE TYPE mood AS ENUM ('sad', 'happy');
  CREATE DOMAIN positive AS integer CHECK (VALUE > 0);
  CREATE TYPE pair AS (a integer, b text);`;

describe('values, from PostgreSQL to a job', () => {
  let servers: Servers;
  let after: Record<string, unknown>;

  beforeAll(async () => {
    servers = await startServers();
    const columns = VALUES.map(([type], index) => `c${index} ${type}`).join(', ');
    await using world = await CaptureWorld.create(servers, 'values_all', {
      schema: `${TYPES} CREATE TABLE things (id integer PRIMARY KEY, ${columns})`,
      queues: { things: { table: 'things' } },
    });
    const capture = world.capture();
    await world.client.query(`INSERT INTO things VALUES (1, ${VALUES.map(([, sql]) => sql).join(', ')})`);
    const [change] = await world.waitForChanges('things', 1);
    after = change?.after as Record<string, unknown>;
    await capture.stop();
  });
  afterAll(() => stopServers(servers));

  it.each(VALUES.map(([type, sql, json], index) => [type, sql, json, index] as const))(
    '%s %s',
    (_type, _sql, json, index) => {
      expect(after[`c${index}`]).toEqual(json);
    },
  );

  it('names the columns that PostgreSQL did not send, and never takes them for null', async () => {
    await using world = await CaptureWorld.create(servers, 'values_toast', {
      schema: 'CREATE TABLE docs (id integer PRIMARY KEY, title text, body text)',
      queues: { docs: { table: 'docs' } },
    });
    // Incompressible, so that it is stored out of line.
    const body = Array.from({ length: 4000 }, () => Math.random().toString(36).slice(2, 7)).join('');
    await world.client.query('ALTER TABLE docs REPLICA IDENTITY DEFAULT');
    await world.client.query('INSERT INTO docs VALUES (1, $1, $2)', ['a', body]);
    await world.client.query('UPDATE docs SET title = $1', ['b']);
    await world.client.query('UPDATE docs SET body = $1', [`${body}!`]);
    await world.client.query('ALTER TABLE docs REPLICA IDENTITY FULL');
    await world.client.query('UPDATE docs SET title = $1', ['c']);
    const capture = world.capture();
    const [, untouched, touched, full] = await world.waitForChanges('docs', 4);
    await capture.stop();

    expect(untouched).toMatchObject({ after: { id: 1, title: 'b' }, unchanged: ['body'], before: null });
    expect(untouched?.after).not.toHaveProperty('body');
    expect(touched?.after).toEqual({ id: 1, title: 'b', body: `${body}!` });
    expect(touched).not.toHaveProperty('unchanged');
    expect(full?.after).toEqual({ id: 1, title: 'c', body: `${body}!` });
    expect(full).toMatchObject({ changed: ['title'], before: { title: 'b' } });
  });

  it('keeps every digit of a JSON number', async () => {
    await using world = await CaptureWorld.create(servers, 'values_json', {
      schema: 'CREATE TABLE docs (id integer PRIMARY KEY, doc jsonb)',
      queues: { docs: { table: 'docs' } },
    });
    const capture = world.capture();
    await world.client.query(`INSERT INTO docs VALUES (1, '{"n": 12345678901234567890.10}')`);
    const [change] = await world.waitForChanges('docs', 1);
    await capture.stop();
    const keys = await world.redis.keys('values_json:docs:*');
    const job = keys.find(key => change && key.includes(change.id)) as string;
    expect(await world.redis.hget(job, 'data')).toContain('12345678901234567890.10');
  });

  it('sends generated columns where PostgreSQL can publish them, with the key that the table had', async () => {
    await using world = await CaptureWorld.create(servers, 'values_generated', {
      schema:
        'CREATE TABLE sums (id integer PRIMARY KEY, a integer, twice integer GENERATED ALWAYS AS (a * 2) STORED)',
      queues: { sums: { table: 'sums' } },
    });
    const { rows } = await world.client.query<{ sent: boolean }>(
      `SELECT current_setting('server_version_num')::int >= 180000 AS sent`,
    );
    const twice = (value: number) => (rows[0]?.sent ? { twice: value } : {});
    await world.client.query('INSERT INTO sums (id, a) VALUES (1, 21)');
    await world.client.query('UPDATE sums SET a = 4');
    await world.client.query('ALTER TABLE sums RENAME id TO number');
    await world.client.query('DELETE FROM sums');
    const capture = world.capture();
    const [inserted, updated, deleted] = await world.waitForChanges('sums', 3);
    await capture.stop();
    const first = { id: 1, a: 21, ...twice(42) };
    const second = { id: 1, a: 4, ...twice(8) };
    expect(inserted).toMatchObject({ key: { id: 1 }, before: null, after: first });
    expect(updated).toMatchObject({ key: { id: 1 }, before: first, after: second });
    expect(deleted).toMatchObject({
      key: { number: 1 },
      before: { number: 1, a: 4, ...twice(8) },
      after: null,
    });
  });
});
