import { describe, expect, it } from 'vitest';
import { docsRowSent, rows, tables, translationsRowSent } from '../test/sample-fixture.js';
import type { ColumnDescription, TableDescription, ValueType } from './description.js';
import { mismatchesOf } from './mismatches.js';

const column = (name: string, type: ValueType, more: Partial<ColumnDescription> = {}): ColumnDescription => ({
  name,
  type,
  nullable: false,
  ...more,
});

const ORDERS: TableDescription = {
  oldRow: 'whole',
  key: ['id'],
  columns: [
    column('id', 'integer'),
    column('total', 'numeric', { nullable: true }),
    column('mood', { enum: ['sad', 'happy'] }),
    column('grid', { array: 'integer', dimensions: 2 }),
  ],
};
const ORDER = { id: 1, total: '9.99', mood: 'sad', grid: [[1, null]] };

const of = (table: TableDescription, sent: (column: string) => boolean = () => true) =>
  mismatchesOf({ name: 'orders', table, sent });

describe('mismatchesOf', () => {
  const mismatches = of(ORDERS);

  it('finds none in rows that are as described, nulls and new columns among them', () => {
    expect(mismatches({ op: 'insert', before: null, after: ORDER })).toEqual([]);
    expect(mismatches({ op: 'read', before: null, after: { ...ORDER, total: null, since: 1 } })).toEqual([]);
    expect(mismatches({ op: 'update', before: ORDER, after: ORDER })).toEqual([]);
    expect(mismatches({ op: 'delete', before: ORDER, after: null })).toEqual([]);
    expect(mismatches({ op: 'truncate', before: null, after: null })).toEqual([]);
  });

  it('says what is gone, null or of another type, once whichever row it is in, and no value', () => {
    const { mood: _gone, ...after } = { ...ORDER, id: null, total: 'secret', grid: [1] };
    const before = { ...ORDER, total: 'secret', mood: 'secret' };
    expect(mismatches({ op: 'update', before, after })).toEqual([
      'orders.total: expected numeric, found another string',
      'orders.mood: expected enum (sad, happy), found another string',
      'orders.id: expected integer, found null',
      'orders.mood is gone',
      'orders.grid: expected integer[][], found another array',
    ]);
    const moved = { id: true, total: 9.99, mood: { a: 'secret' }, grid: 'secret' };
    expect(mismatches({ op: 'insert', before: null, after: moved })).toEqual([
      'orders.id: expected integer, found a boolean',
      'orders.total: expected numeric, found a number',
      'orders.mood: expected enum (sad, happy), found an object',
      'orders.grid: expected integer[][], found a string',
    ]);
  });

  it('tells a column that PostgreSQL did not send from one that is gone', () => {
    const { total: _unsent, mood: _gone, ...after } = ORDER;
    expect(mismatches({ op: 'update', before: ORDER, after, unchanged: ['total'] })).toEqual([
      'orders.total is left out of the update',
      'orders.mood is gone',
    ]);
  });

  it('wants the old row where it was sent whole', () => {
    expect(mismatches({ op: 'update', before: null, after: ORDER })).toEqual([
      'the old row of orders is not sent',
    ]);
    expect(mismatches({ op: 'delete', before: { id: 1 }, after: null })).toHaveLength(3);
  });

  it('does not look at what was left out on purpose, nor at what is not sent as it is', () => {
    const { total: _stripped, ...after } = ORDER;
    expect(mismatches({ op: 'insert', before: null, after, stripped: ['total'] })).toEqual([]);
    const masked = of(ORDERS, name => name !== 'mood');
    expect(masked({ op: 'insert', before: null, after: { ...ORDER, mood: '***' } })).toEqual([]);
    expect(masked({ op: 'insert', before: null, after: { id: 1, total: null, grid: [] } })).toEqual([]);
  });

  it('wants no more than the key of an old row, and not what an update may leave out, without FULL', () => {
    const docs = of({
      oldRow: 'key',
      key: ['id'],
      columns: [column('id', 'integer'), column('body', 'text', { optional: true })],
    });
    expect(docs({ op: 'update', before: null, after: { id: 1 } })).toEqual([]);
    expect(docs({ op: 'delete', before: { id: 1 }, after: null })).toEqual([]);
    expect(docs({ op: 'update', before: { id: 'a' }, after: { id: 1, body: 7 } })).toEqual([
      'orders.id: expected integer, found a string',
      'orders.body: expected text, found a number',
    ]);
  });

  it('takes JSON however deep it is', () => {
    const docs = of({ oldRow: 'whole', key: [], columns: [column('doc', 'json')] });
    const doc: unknown = JSON.parse(`${'['.repeat(5000)}${']'.repeat(5000)}`);
    expect(docs({ op: 'insert', before: null, after: { doc } })).toEqual([]);
  });

  /** Values of every kind, and values on both sides of each limit. */
  const VALUES = [
    undefined,
    null,
    true,
    0,
    -1.5,
    2_147_483_648,
    '',
    'sad',
    'returned',
    'x y',
    'NaN',
    '-Infinity',
    '12',
    '1.50',
    '1e3',
    'infinity',
    '2026-11-22',
    '2026-13-01',
    '2026-11-22T10:00:00',
    '2026-11-22T10:00:00Z',
    'AP8Q',
    '\\x00',
    { a: [null] },
    [],
    [null],
    [1],
    ['12'],
    ['sad', null],
    [true],
    [[]],
    [[1, 'NaN']],
    [['a', null], null],
    ['AP8Q'],
    ['2026-11-22'],
    ['2026-11-22T10:00:00Z'],
    [{ a: 1 }],
    [[[1]]],
  ];
  const FITTING = new Map(
    Object.entries(tables).map(([name, { columns }]) => {
      const fitting = columns.map(each => {
        const table = of({ oldRow: 'key', key: [], columns: [each] });
        return [each.name, VALUES.find(value => value !== undefined && fits(table, { [each.name]: value }))];
      });
      return [name, Object.fromEntries(fitting) as Readonly<Record<string, unknown>>];
    }),
  );

  function fits(table: ReturnType<typeof mismatchesOf>, after: Readonly<Record<string, unknown>>): boolean {
    return table({ op: 'insert', before: null, after }).length === 0;
  }

  it.each(Object.keys(tables) as (keyof typeof tables)[])(
    'takes and refuses what the printed validator of %s does, column by column',
    name => {
      const validator = { ...rows, docs: docsRowSent, translations: translationsRowSent }[name];
      const table = of(tables[name]);
      const agreed = { taken: 0, refused: 0 };
      for (const { name: changed } of tables[name].columns)
        for (const value of VALUES) {
          const row: Record<string, unknown> = { ...FITTING.get(name), [changed]: value };
          if (value === undefined) delete row[changed];
          const { success } = validator.safeParse(row);
          expect(fits(table, row), `${changed} = ${JSON.stringify(value)}`).toBe(success);
          agreed[success ? 'taken' : 'refused'] += 1;
        }
      expect(agreed.taken).toBeGreaterThan(0);
      expect(agreed.refused).toBeGreaterThan(0);
    },
  );
});
