import { randomBytes } from 'node:crypto';
import { type Change, tableName } from '@walmq/change';
import { embeddedPostgresMajor } from '@walmq/embedded';
import { mismatchesOf } from '@walmq/row-types';
import { docsRowSent, rows, sampleSchemaSql, tables } from '@walmq/row-types/fixture';
import { type Servers, startServers, stopServers } from '@walmq/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CaptureWorld } from './capture-fixture.js';

/** Rows of `things`: what is common, what is at the edge of each type, and nothing where nothing may be. */
const THINGS = [
  `(1, 1, 2, 3.50, 4, 0.5, 1.5, true, '2026-11-22', '2026-11-22 10:00:00.123456', '2026-11-22 10:00:00+02',
    '{"a": [1, null]}', '"text"', '\\x00ff10', 'name', 'abc', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '1 day',
    '[2026-01-01,2026-02-01)', '(1,2)', 12.34, 'ok', 'it''s "fine"', 'packed', '{paid and not yet packed,NULL}', 1, 'x',
    '{a,NULL,"b c"}', ARRAY['{a}', NULL]::tags[], ROW(1, 'x'), '{1,NULL}', '{{1,NaN},{-Infinity,NULL}}', '{1,NULL}',
    ARRAY['{"a":1}', 'null', NULL]::jsonb[], '{2026-11-22,infinity,NULL}', '{-infinity,2026-11-22 10:00:00+00}',
    ARRAY['\\x00'::bytea, NULL], '{sad,NULL}')`,
  `(2147483647, -32768, -9223372036854775808, 9999999999.99, 'NaN', 'NaN', '-Infinity', false, '5874897-12-31',
    'infinity', '294276-12-31 23:59:59.999999+00', 'null', 'null', '', '', '', NULL, '-1 year', 'empty', '(NaN,0)', -1,
    'it''s "fine"', 'sad', NULL, '{}', 2147483647, '', '{}', '{}', ROW(NULL, ''), '{}', '{}', '{}', '{}', '{}', '{}',
    '{}', '{}')`,
  `(-2147483648, 0, 0, -0.01, '-Infinity', 1e300, 1e-40, false, '4713-01-01 BC', '4713-01-01 00:00:00 BC', '-infinity',
    '[]', '12345678901234567890.10', '', '', '', NULL, NULL, NULL, NULL, NULL, 'sad', NULL, NULL, NULL, 1, '', NULL, NULL,
    NULL, '[0:1]={1,2}', '{{1},{2}}', NULL, NULL, NULL, NULL, NULL, NULL)`,
  `(3, 0, 0, 0, NULL, 0, NULL, false, '-infinity', '10000-01-01', '0044-03-15 00:00:00+00 BC', '{}', NULL, '', '', NULL,
    NULL, NULL, NULL, NULL, NULL, 'sad', NULL, NULL, NULL, 1, 'x', NULL, NULL, NULL, '{}', NULL, NULL, NULL, NULL, NULL,
    NULL, NULL)`,
];

/** Incompressible, so that it is stored out of line. */
/** As long as an index takes it, and stored out of line all the same. */
const LONG_TAG = randomBytes(1300).toString('hex');

const LONG_TEXT = Array.from({ length: 4000 }, () => Math.random().toString(36).slice(2, 7)).join('');

describe('the rows of real changes', () => {
  let servers: Servers;
  let changes: readonly Change[];

  beforeAll(async () => {
    servers = await startServers();
    await using world = await CaptureWorld.create(servers, 'row_types', {
      schema: sampleSchemaSql,
      queues: {
        all: {
          tables: ['things', 'docs', 'sums', 'odd_names', 'sales.orders', 'translations'],
          orderBy: false,
        },
      },
    });
    const { client } = world;
    await client.query(
      'ALTER TABLE docs REPLICA IDENTITY DEFAULT; ALTER TABLE translations REPLICA IDENTITY DEFAULT',
    );
    // As on every server before.
    if (embeddedPostgresMajor() >= 18)
      await client.query(
        `ALTER PUBLICATION ${world.config.source.publication} SET (publish_generated_columns = none)`,
      );
    for (const values of THINGS) await client.query(`INSERT INTO things VALUES ${values}`);
    await client.query('UPDATE things SET flag = NOT flag');
    await client.query('DELETE FROM things');
    await client.query('INSERT INTO docs VALUES (1, $1, $2)', ['short', LONG_TEXT]);
    await client.query("UPDATE docs SET title = 'other'");
    await client.query('UPDATE docs SET id = 2');
    await client.query(`INSERT INTO odd_names VALUES (1, 'a', 'b', 2, 3, 4, 5, 6, 7)`);
    await client.query('INSERT INTO sums VALUES (1, 21)');
    await client.query('INSERT INTO sales.orders VALUES (1, NULL)');
    await client.query('INSERT INTO translations VALUES (1, $1, $2)', [LONG_TAG, 'a']);
    await client.query("UPDATE translations SET title_of_the_document = 'b'");
    const capture = world.capture();
    changes = await world.waitForChanges('all', THINGS.length * 3 + 9);
    await capture.stop();
  });
  afterAll(() => stopServers(servers));

  it('are what the generated validators take, column for column', () => {
    const whole = changes.filter(({ table }) => table !== 'docs' && table !== 'translations');
    for (const change of whole)
      for (const row of [change.before, change.after])
        if (row) expect(rows[tableName(change) as keyof typeof rows].parse(row)).toEqual(row);
    expect(new Set(whole.map(({ op }) => op))).toEqual(new Set(['insert', 'update', 'delete']));
  });

  it('are as the descriptions say, those that lack columns too', () => {
    for (const change of changes) {
      const name = tableName(change);
      const table = tables[name as keyof typeof tables];
      expect(mismatchesOf({ name, table, sent: () => true })(change)).toEqual([]);
    }
  });

  it('lack TOASTed columns where the types say that they may', () => {
    const docs = changes.filter(({ table }) => table === 'docs');
    expect(docs.map(({ op }) => op)).toEqual(['insert', 'update', 'delete', 'insert']);
    const [first, update, removed, moved] = docs;
    expect(rows.docs.parse(first?.after)).toEqual(first?.after);
    expect(update?.before).toBeNull();
    expect(removed?.before).toEqual({ id: 1 });
    for (const change of [update, moved]) {
      expect(change?.unchanged).toEqual(['body']);
      expect(docsRowSent.parse(change?.after)).toEqual(change?.after);
      expect(rows.docs.safeParse(change?.after).success).toBe(false);
    }
  });

  it('hold their key, out of line as it may be', () => {
    const [, update] = changes.filter(({ table }) => table === 'translations');
    expect(update).toMatchObject({ op: 'update', key: { document_id: 1, language_tag: LONG_TAG } });
    expect(update?.after).toMatchObject({ language_tag: LONG_TAG, title_of_the_document: 'b' });
    expect(update).not.toHaveProperty('unchanged');
  });
});
