import { describe, expect, it } from 'vitest';
import { compareTables } from './compare.js';
import type { ColumnDescription, TableDescription, ValueType } from './description.js';

function table(
  columns: readonly ColumnDescription[],
  more: Partial<TableDescription> = {},
): TableDescription {
  return { oldRow: 'whole', key: ['id'], columns, ...more };
}

function column(type: ValueType, more: Partial<ColumnDescription> = {}): ColumnDescription {
  return { name: 'a', type, nullable: false, ...more };
}

const array = (type: ValueType, dimensions = 1): ValueType => ({ array: type, dimensions });
const MOOD: ValueType = { enum: ['sad', 'ok'] };

describe('compareTables', () => {
  it('finds nothing between a table and itself', () => {
    const same = table([column(array(MOOD, 2), { nullable: true, optional: true })]);
    expect(compareTables(same, structuredClone(same))).toEqual([]);
  });

  it.each<[was: ValueType, is: ValueType, breaks: boolean]>([
    ['integer', 'float', true],
    ['float', 'integer', false],
    ['integer', 'bigint', true],
    ['bigint', 'integer', true],
    ['numeric', 'bigint', false],
    ['bigint', 'numeric', true],
    ['timestamp', 'timestamptz', true],
    ['text', 'date', true],
    ['text', MOOD, false],
    [MOOD, 'text', true],
    [MOOD, { enum: ['ok'] }, false],
    [MOOD, { enum: ['sad', 'ok', 'glad'] }, true],
    [MOOD, { enum: ['ok', 'sad'] }, false],
    ['integer', array('integer'), true],
    [array('float'), array('integer'), false],
    [array('integer'), array('integer', 2), true],
    [array('integer'), 'integer', true],
    ['text', array('text'), true],
  ])('%j that becomes %j', (was, is, breaks) => {
    expect(compareTables(table([column(was)]), table([column(is)]))).toEqual([
      { column: 'a', what: expect.stringMatching(/^is .*, was /), breaks },
    ]);
  });

  it.each<[what: string, expected: TableDescription, found: TableDescription, breaks: boolean]>([
    ['is gone', table([column('text')]), table([]), true],
    ['is new', table([]), table([column('text')]), false],
    ['may be null now', table([column('text')]), table([column('text', { nullable: true })]), true],
    ['is NOT NULL now', table([column('text', { nullable: true })]), table([column('text')]), false],
    [
      'may be left out of updates now',
      table([column('text')]),
      table([column('text', { optional: true })]),
      true,
    ],
    ['is always sent now', table([column('text', { optional: true })]), table([column('text')]), false],
    ['no longer has REPLICA IDENTITY FULL', table([]), table([], { oldRow: 'key' }), true],
    ['has REPLICA IDENTITY FULL now', table([], { oldRow: 'key' }), table([]), false],
    ['has the key (id, day), had (id)', table([]), table([], { key: ['id', 'day'] }), false],
    ['has the key (day), had (id)', table([]), table([], { key: ['day'] }), true],
  ])('%s', (what, expected, found, breaks) => {
    expect(compareTables(expected, found)).toMatchObject([{ what, breaks }]);
  });
});
