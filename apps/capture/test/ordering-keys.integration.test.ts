import { createHash } from 'node:crypto';
import { type Servers, startServers, stopServers } from '@walmq/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CaptureWorld } from './capture-fixture.js';

/** [table, how it is made, SQL of an earlier change, SQL in between, SQL of a later change of the same key] */
const SAME_KEY = [
  [
    'int_to_bigint',
    '(id integer PRIMARY KEY, v text)',
    "VALUES (1, 'a')",
    'ALTER COLUMN id TYPE bigint',
    "v = 'b'",
  ],
  [
    'int_to_text',
    '(id integer PRIMARY KEY, v text)',
    "VALUES (1, 'a')",
    'ALTER COLUMN id TYPE text',
    "v = 'b'",
  ],
  [
    'int_to_numeric',
    '(id smallint PRIMARY KEY, v text)',
    "VALUES (1, 'a')",
    'ALTER COLUMN id TYPE numeric(10, 2)',
    "v = 'b'",
  ],
  [
    'numeric_spelt',
    '(id numeric PRIMARY KEY, v text)',
    "VALUES (1.0, 'a')",
    'ADD COLUMN w text',
    'id = 1.000',
  ],
  [
    'char_to_varchar',
    "(id char(5) PRIMARY KEY, v text DEFAULT 'a')",
    "VALUES ('ab')",
    'ALTER COLUMN id TYPE varchar(9)',
    "v = 'b'",
  ],
  [
    'citext_spelt',
    '(id citext PRIMARY KEY, v text)',
    "VALUES ('Ann', 'a')",
    'ADD COLUMN w text',
    "id = 'ANN'",
  ],
  [
    'loosely_collated',
    '(id text COLLATE loose PRIMARY KEY, v text)',
    "VALUES ('Ann', 'a')",
    'ADD COLUMN w text',
    "id = 'ANN'",
  ],
  [
    'of_a_domain',
    '(id small_number PRIMARY KEY, v text)',
    "VALUES (1, 'a')",
    'ALTER COLUMN id TYPE bigint',
    "v = 'b'",
  ],
  [
    'array_of_numbers',
    '(id integer[] PRIMARY KEY, v text)',
    "VALUES ('{1,2}', 'a')",
    'ALTER COLUMN id TYPE bigint[]',
    "v = 'b'",
  ],
  [
    'jsonb_spelt',
    '(id jsonb PRIMARY KEY, v text)',
    `VALUES ('{"n": 1.0}', 'a')`,
    'ADD COLUMN w text',
    `id = '{"n": 1.00}'`,
  ],
  [
    'two_columns',
    '(id integer, part varchar(9), v text, PRIMARY KEY (id, part))',
    "VALUES (1, 'x', 'a')",
    'ALTER COLUMN id TYPE bigint, ALTER COLUMN part TYPE char(9)',
    "v = 'b'",
  ],
] as const;

const SCHEMA = `
  CREATE EXTENSION citext;
  CREATE DOMAIN small_number AS smallint;
  CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
  CREATE TABLE small_side (id integer PRIMARY KEY, owner integer, code varchar(9));
  CREATE TABLE large_side (id integer PRIMARY KEY, owner bigint, code char(9));
  CREATE TABLE texts (id text, part text, PRIMARY KEY (id, part));
  ${SAME_KEY.map(([table, columns]) => `CREATE TABLE ${table} ${columns};`).join('\n')}`;

describe('changes of one key wait for each other, however its values are spelt', () => {
  let servers: Servers;
  beforeAll(async () => {
    servers = await startServers();
  });
  afterAll(() => stopServers(servers));

  /** Of each job of a queue, in the order of the stream, whether it waits for an earlier one. */
  async function parked(world: CaptureWorld, queue: string, jobs: number): Promise<boolean[]> {
    await world.waitForChanges(queue, jobs);
    const keys = [...(await world.jobKeys(queue))].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, key]) => key);
    const waiting = keys.map(key => {
      const at = key.lastIndexOf(':');
      return world.redis.zscore(`${key.slice(0, at)}:waiting-children`, key.slice(at + 1));
    });
    return (await Promise.all(waiting)).map(score => score !== null);
  }

  it('after ALTER COLUMN TYPE, in another spelling, in two tables; and other keys do not', async () => {
    const sides = (column: string) => ({
      tables: { small_side: { orderBy: column }, large_side: { orderBy: column } },
    });
    await using world = await CaptureWorld.create(servers, 'ordering_keys', {
      schema: SCHEMA,
      queues: {
        ...Object.fromEntries(SAME_KEY.map(([table]) => [table, { table }])),
        owners: sides('owner'),
        codes: sides('code'),
        texts: { table: 'texts' },
      },
    });
    const capture = world.capture();
    for (const [table, , values] of SAME_KEY) await world.client.query(`INSERT INTO ${table} ${values}`);
    for (const [table, , , alter] of SAME_KEY) await world.client.query(`ALTER TABLE ${table} ${alter}`);
    for (const [table, , , , set] of SAME_KEY) await world.client.query(`UPDATE ${table} SET ${set}`);
    await world.client.query("INSERT INTO small_side VALUES (7, 1, 'ab')");
    await world.client.query("INSERT INTO large_side VALUES (9, 1, 'ab'), (10, 2, 'abc')");
    await world.client.query(`INSERT INTO texts VALUES ('1', ''), ('01', ''), ('1.0', ''), ('1', 'x'), ('1","x', ''),
      ('1 ', '')`);

    for (const [table, , , , set] of SAME_KEY) {
      const moves = set.startsWith('id');
      expect([table, await parked(world, table, moves ? 3 : 2)]).toEqual([
        table,
        [false, ...(moves ? [true, true] : [true])],
      ]);
    }
    expect(await parked(world, 'owners', 3)).toEqual([false, true, false]);
    expect(await parked(world, 'codes', 3)).toEqual([false, true, false]);
    expect(await parked(world, 'texts', 6)).toEqual(Array.from({ length: 6 }, () => false));
    await capture.stop();
  });

  it('after an upgrade from a version that took the JSON of the values, masked or not', async () => {
    const digest = (text: string) => createHash('sha256').update(text).digest('base64url');
    await using world = await CaptureWorld.create(servers, 'ordering_upgrade', {
      schema: `CREATE TABLE items (id integer PRIMARY KEY, owner bigint, name text);
               CREATE TABLE notes (id integer PRIMARY KEY, owner integer)`,
      queues: {
        items: { table: 'items' },
        masked: { table: 'items', mask: { name: 'redact' } },
        owners: { tables: { items: { orderBy: 'owner' }, notes: { orderBy: 'owner' } } },
      },
    });
    const before = world.capture();
    await world.client.query("INSERT INTO items VALUES (1, 5, 'a'), (2, 6, 'b')");
    await world.waitUntilAcknowledged();
    await before.stop();
    const olderKeys = {
      items: { '"1"': '1', '"2"': '2' },
      masked: { [digest('"1"')]: digest('1'), [digest('"2"')]: digest('2') },
      owners: {},
    };
    for (const [queue, renamed] of Object.entries(olderKeys)) await renameKeys(world, queue, renamed);
    const [checkpoint] = await world.redis.keys('ordering_upgrade:walmq:checkpoint:*');
    await world.redis.hdel(checkpoint as string, 'orderingKeysSince');

    const upgraded = world.capture();
    await world.client.query("UPDATE items SET name = 'c' WHERE id = 1");
    await world.client.query('INSERT INTO notes VALUES (3, 5)');
    await world.client.query('ALTER TABLE items ALTER COLUMN id TYPE bigint');
    await world.client.query("UPDATE items SET name = 'd' WHERE id = 2");
    await world.client.query("UPDATE items SET name = 'e' WHERE id = 1");
    expect(await parked(world, 'items', 5)).toEqual([false, false, true, true, true]);
    expect(await parked(world, 'masked', 5)).toEqual([false, false, true, true, true]);
    expect(await parked(world, 'owners', 6)).toEqual([false, false, true, true, true, true]);
    await upgraded.stop();

    // Once nothing of the older version is left, nothing is looked for any more.
    for (const queue of ['items', 'masked', 'owners']) await world.redis.del(lastKey(world, queue));
    await world.capture().stop();
    expect(await world.redis.hget(checkpoint as string, 'orderingKeysSince')).toBe('done');
  });

  const lastKey = (world: CaptureWorld, queue: string) =>
    `${world.config.queues[queue]?.prefix}:${queue}:walmq:last`;

  /** As the older version has left it. */
  async function renameKeys(world: CaptureWorld, queue: string, renamed: Record<string, string>) {
    const last = lastKey(world, queue);
    for (const [key, former] of Object.entries(renamed)) {
      const id = await world.redis.hget(last, key);
      expect(id).not.toBeNull();
      await world.redis
        .multi()
        .hdel(last, key)
        .hset(last, former, id as string)
        .exec();
    }
  }
});
