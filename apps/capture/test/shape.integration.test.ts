import { createHmac } from 'node:crypto';
import type { Change, Row } from '@walmq/change';
import type { WalmqConfigInput } from '@walmq/config';
import { type Servers, startServers, stopServers } from '@walmq/testing';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CaptureWorld } from './capture-fixture.js';

const KEY = 'a key of more than sixteen characters';
const SEED = Math.floor(Math.random() * 2 ** 31);

describe('what of a change reaches a queue', () => {
  let servers: Servers;
  beforeAll(async () => {
    servers = await startServers();
  });
  afterAll(() => stopServers(servers));

  const create = (name: string, schema: string, queues: WalmqConfigInput['queues']) =>
    CaptureWorld.create(servers, name, { schema, queues });

  it('columns, and masks in key, rows and ordering; a queue beside it gets everything', async () => {
    await using world = await create(
      'shape_columns',
      `CREATE TABLE people (email text PRIMARY KEY, iban text, born date, doc jsonb, note text);`,
      {
        whole: { table: 'people' },
        some: { table: 'people', columns: ['email', 'doc'], mask: { email: { hash: () => KEY } } },
        less: {
          table: 'people',
          omit: ['doc', 'note'],
          mask: { iban: { truncate: 4 }, born: 'redact', email: { truncate: 1 } },
        },
      },
    );
    const capture = world.capture();
    await world.client.query(
      `INSERT INTO people VALUES ('ada@example.com', 'DE12 QQXX', '1815-12-10', '{"n": 12345678901234567890.10}', 'x')`,
    );
    await world.client.query("UPDATE people SET note = 'y', iban = NULL");
    const [whole] = await world.waitForChanges('whole', 2);
    const some = await world.waitForChanges('some', 2);
    const less = await world.waitForChanges('less', 2);
    await capture.stop();
    const email = createHmac('sha256', KEY).update('ada@example.com').digest('base64url');
    expect(whole?.after).toMatchObject({ email: 'ada@example.com', note: 'x' });
    expect(Object.keys(some[0]?.after as Row)).toEqual(['email', 'doc']);
    expect(some[0]).toMatchObject({ op: 'insert', key: { email }, after: { email } });
    expect(some[1]).toMatchObject({ op: 'update', key: { email }, before: { email }, changed: [] });
    expect(less[0]?.after).toEqual({ email: 'a', iban: 'DE12', born: '[redacted]' });
    expect(less[1]).toMatchObject({ key: { email: 'a' }, after: { iban: null }, changed: ['iban'] });
    expect(less[1]?.tx).toEqual(some[1]?.tx);
    for (const queue of ['some', 'less'])
      for (const key of await world.redis.keys(`shape_columns:${queue}:*`)) {
        const type = await world.redis.type(key);
        const all = type === 'hash' ? JSON.stringify(await world.redis.hgetall(key)) : key;
        expect(`${key} ${all}`).not.toMatch(/ada@example|QQXX|1815/);
      }
    const [job] = (await world.redis.keys('shape_columns:some:*')).filter(key =>
      key.includes(some[0]?.id as string),
    );
    expect(await world.redis.hget(job as string, 'data')).toContain('12345678901234567890.10');
  });

  it(`where: for every history of rows (seed ${SEED}) the set that the queue can tell is the one that the table holds`, async () => {
    await using world = await create(
      'shape_where',
      'CREATE TABLE orders (id integer PRIMARY KEY, status text, n integer)',
      {
        paid: { table: 'orders', where: row => row.status === 'paid' },
      },
    );
    const capture = world.capture();
    const step = fc.record({
      what: fc.constantFrom('insert', 'update', 'delete', 'move'),
      id: fc.integer({ min: 1, max: 5 }),
      status: fc.constantFrom('paid', 'open'),
    });
    let n = 0;
    const [steps = []] = fc.sample(fc.array(step, { minLength: 300, maxLength: 300 }), {
      numRuns: 1,
      seed: SEED,
    });
    for (const { what, id, status } of steps) {
      n += 1;
      const put = `INSERT INTO orders VALUES (${id}, '${status}', ${n}) ON CONFLICT (id) DO UPDATE SET status = excluded.status, n = excluded.n`;
      if (what === 'insert') await world.client.query(put);
      else if (what === 'update')
        await world.client.query(`UPDATE orders SET status = '${status}', n = ${n} WHERE id = ${id}`);
      else if (what === 'delete') await world.client.query(`DELETE FROM orders WHERE id = ${id}`);
      else
        await world.client.query(
          `UPDATE orders SET id = 6, n = ${n} WHERE id = ${id} AND NOT EXISTS (SELECT FROM orders WHERE id = 6)`,
        );
    }
    await world.waitUntilAcknowledged();
    await capture.stop();
    const told = new Map<number, unknown>();
    for (const { op, key, before, after, entered, left } of await world.changes('paid')) {
      const id = key?.id as number;
      // What a reader of the set does: nothing enters twice, and nothing leaves that is not in it.
      expect(told.has(id), `${op} ${id}`).toBe(
        op === 'delete' || left === true || (op === 'update' && !entered),
      );
      if (op === 'delete' || left) told.delete(id);
      else told.set(id, after?.n);
      expect([before?.status, after?.status]).toContain('paid');
    }
    const { rows } = await world.client.query<{ id: number; n: number }>(
      "SELECT id, n FROM orders WHERE status = 'paid'",
    );
    expect(told).toEqual(new Map(rows.map(row => [row.id, row.n])));
  });

  it('transform: what it makes of a change; nothing; and a change that it fails on waits to be looked at', async () => {
    await using world = await create(
      'shape_transform',
      'CREATE TABLE things (id integer PRIMARY KEY, n integer)',
      {
        things: {
          table: 'things',
          transform: change => {
            const n = change.after?.n as number;
            if (n === 2) throw new Error('cannot be doubled');
            if (n === 3) return Promise.reject(new Error('nobody waits for it')) as never;
            if (n === 7) return {} as never;
            if (n === 4) return 'nonsense' as never;
            if (n === 5) return null;
            return { ...change, id: 'of no account', after: { ...change.after, n: n * 2 } };
          },
        },
      },
    );
    const capture = world.capture();
    await world.client.query('INSERT INTO things SELECT i, i FROM generate_series(1, 7) i');
    const changes = await world.waitForChanges('things', 6);
    await capture.stop();
    const said = (change: Change) => change.shapeError ?? change.after;
    expect(changes.map(said)).toEqual([
      { id: 1, n: 2 },
      'transform of the queue failed: cannot be doubled',
      'transform of the queue failed: it returned a promise, and must return a change or null',
      'transform of the queue failed: it returned a string, and must return a change or null',
      { id: 6, n: 12 },
      'transform of the queue failed: it returned an object that is none, and must return a change or null',
    ]);
    expect(changes[0]?.id).toBe(changes[0] && [...(await world.jobKeys('things')).keys()].sort()[0]);
  });

  it('where that fails says so in the job; the stream goes on', async () => {
    await using world = await create(
      'shape_failing',
      'CREATE TABLE things (id integer PRIMARY KEY, doc jsonb)',
      {
        things: { table: 'things', where: row => (row.doc as { deep: { is: boolean } }).deep.is },
      },
    );
    const capture = world.capture();
    await world.client.query(
      `INSERT INTO things VALUES (1, '{}'), (2, '{"deep": {"is": true}}'), (3, '{"deep": {"is": 1}}')`,
    );
    const [first, second, third] = await world.waitForChanges('things', 3);
    await capture.stop();
    expect(first?.shapeError).toMatch(/^where of the queue failed: .*undefined/);
    expect(second?.shapeError).toBeUndefined();
    expect(third?.shapeError).toMatch(/returned a number, and must return a boolean/);
  });

  it('maxBytes: a huge row loses columns or is left to be read by its key, and the stream goes on', async () => {
    await using world = await create(
      'shape_huge',
      'CREATE TABLE files (id integer PRIMARY KEY, name text, body text)',
      {
        parked: { table: 'files', maxBytes: 100_000 },
        stripped: { table: 'files', maxBytes: 100_000, onOversize: { strip: ['body'] } },
      },
    );
    const capture = world.capture();
    await world.client.query(
      `INSERT INTO files VALUES (1, 'a', repeat('x', 50000000)), (2, 'b', 'small'), (3, repeat('n', 200000), 'c')`,
    );
    const parked = await world.waitForChanges('parked', 3);
    const stripped = await world.waitForChanges('stripped', 3);
    await capture.stop();
    expect(parked[0]).toMatchObject({ op: 'insert', key: { id: 1 }, before: null, after: null });
    expect(parked[0]?.shapeError).toMatch(/its data has 50000\d+ bytes, and maxBytes of the queue is 100000/);
    expect(parked[1]).toMatchObject({ after: { id: 2, name: 'b', body: 'small' } });
    expect(stripped[0]).toMatchObject({ after: { id: 1, name: 'a' }, stripped: ['body'] });
    expect(stripped[0]?.after).not.toHaveProperty('body');
    expect(stripped[1]).not.toHaveProperty('stripped');
    expect(stripped[2]).toMatchObject({ after: null, shapeError: expect.stringMatching(/200\d+ bytes/) });
  });

  it('a key to hash with that is missing is said at the start', async () => {
    await using world = await create('shape_keyless', 'CREATE TABLE people (email text PRIMARY KEY)', {
      people: { table: 'people', mask: { email: { hash: () => undefined } } },
    });
    await expect(world.capture().ended).rejects.toMatchObject({
      code: 'MASK_KEY_MISSING',
      message: expect.stringMatching(/queues\.people\.mask\.email\.hash gives no key/),
    });
  });

  it('the key tells which row it is, where columns leave it out too; what where throws is not quoted', async () => {
    await using world = await create('shape_key', 'CREATE TABLE people (id integer PRIMARY KEY, iban text)', {
      people: { table: 'people', columns: ['iban'], mask: { iban: 'redact' } },
      none: { table: 'people', omit: ['iban'], where: row => BigInt(row.iban as string) > 0n },
    });
    const capture = world.capture();
    await world.client.query("INSERT INTO people VALUES (1, 'DE99')");
    const [change] = await world.waitForChanges('people', 1);
    const [failed] = await world.waitForChanges('none', 1);
    await capture.stop();
    expect(change).toMatchObject({ key: { id: 1 }, after: { iban: '[redacted]' } });
    expect(change?.after).not.toHaveProperty('id');
    expect(failed?.shapeError).toMatch(/^where of the queue failed: a SyntaxError/);
    expect(JSON.stringify(failed)).not.toContain('DE99');
  });

  it('where is not asked of a change whose old row is not known: it is delivered', async () => {
    await using world = await create(
      'shape_unknown',
      'CREATE TABLE things (id integer PRIMARY KEY, n integer)',
      {
        things: { table: 'things', where: row => (row.n as number) > 5 },
      },
    );
    await world.client.query('ALTER TABLE things REPLICA IDENTITY DEFAULT');
    const capture = world.capture();
    await world.client.query('INSERT INTO things VALUES (1, 1), (2, 9)');
    await world.client.query('UPDATE things SET n = 2 WHERE id = 1');
    await world.client.query('DELETE FROM things WHERE id = 1');
    await world.client.query('TRUNCATE things');
    const changes = await world.waitForChanges('things', 4);
    await capture.stop();
    expect(changes.map(({ op, key }) => [op, key?.id])).toEqual([
      ['insert', 2],
      ['update', 1],
      ['delete', 1],
      ['truncate', undefined],
    ]);
  });

  it('a column to hide that is not there stops capture, at its start and when it is renamed', async () => {
    await using world = await create(
      'shape_renamed',
      'CREATE TABLE people (id integer PRIMARY KEY, email text)',
      {
        people: { table: 'people', mask: { email: 'redact' } },
      },
    );
    const capture = world.capture();
    await world.client.query("INSERT INTO people VALUES (1, 'ada@example.com')");
    await world.waitForChanges('people', 1);
    await world.client.query('ALTER TABLE people RENAME email TO mail');
    await world.client.query("INSERT INTO people VALUES (2, 'bob@example.com')");
    await expect(capture.ended).rejects.toMatchObject({
      code: 'COLUMN_MISSING',
      message: expect.stringMatching(/: email\./),
    });
    await expect(world.capture().ended).rejects.toMatchObject({ code: 'COLUMN_MISSING' });
    await world.waitForChanges('people', 1);
    await world.client.query('ALTER TABLE people RENAME mail TO email');
    const again = world.capture();
    await world.client.query("INSERT INTO people VALUES (3, 'eve@example.com')");
    await expect
      .poll(async () => (await world.changes('people')).at(-1)?.key, { timeout: 30_000 })
      .toEqual({ id: 3 });
    await again.stop();
  });
});
