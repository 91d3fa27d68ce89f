import { describe, expect, it } from 'vitest';
import type { ColumnDescription, TableDescription, ValueType } from './description.js';
import { misfitsOf } from './misfits.js';

const column = (name: string, type: ValueType, more: Partial<ColumnDescription> = {}): ColumnDescription => ({
  ...{ name, type, nullable: false },
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

const all = () => true;

describe('misfitsOf', () => {
  const misfits = misfitsOf(ORDERS, all);

  it('finds none in rows that are as described, nulls and new columns among them', () => {
    expect(misfits({ op: 'insert', before: null, after: ORDER })).toEqual([]);
    expect(misfits({ op: 'read', before: null, after: { ...ORDER, total: null, since: 1 } })).toEqual([]);
    expect(misfits({ op: 'update', before: ORDER, after: ORDER })).toEqual([]);
    expect(misfits({ op: 'delete', before: ORDER, after: null })).toEqual([]);
    expect(misfits({ op: 'truncate', before: null, after: null })).toEqual([]);
  });

  it('says what is gone, null or of another type, on either side, and no value', () => {
    const { mood: _gone, ...after } = { ...ORDER, id: null, total: 'secret', grid: [1] };
    expect(misfits({ op: 'update', before: { ...ORDER, mood: 'secret' }, after })).toEqual([
      'before.mood is no enum (sad, happy)',
      'after.id is null',
      'after.total is no numeric',
      'after.mood is gone',
      'after.grid is no integer[][]',
    ]);
  });

  it('wants the old row where it was sent whole', () => {
    expect(misfits({ op: 'update', before: null, after: ORDER })).toEqual(['the old row is not sent']);
    expect(misfits({ op: 'delete', before: { id: 1 }, after: null })).toHaveLength(3);
  });

  it('does not look at what was left out on purpose, nor at what is not sent as it is', () => {
    const { total: _stripped, ...after } = ORDER;
    expect(misfits({ op: 'insert', before: null, after, stripped: ['total'] })).toEqual([]);
    const masked = misfitsOf(ORDERS, name => name !== 'mood');
    expect(masked({ op: 'insert', before: null, after: { ...ORDER, mood: '***' } })).toEqual([]);
    expect(masked({ op: 'insert', before: null, after: { id: 1, total: null, grid: [] } })).toEqual([]);
  });

  it('wants no more than the key of an old row, and not what an update may leave out, without FULL', () => {
    const docs = misfitsOf(
      {
        oldRow: 'key',
        key: ['id'],
        columns: [column('id', 'integer'), column('body', 'text', { optional: true })],
      },
      all,
    );
    expect(docs({ op: 'update', before: null, after: { id: 1 } })).toEqual([]);
    expect(docs({ op: 'delete', before: { id: 1 }, after: null })).toEqual([]);
    expect(docs({ op: 'update', before: { id: 'a' }, after: { id: 1, body: 7 } })).toEqual([
      'before.id is no integer',
      'after.body is no text',
    ]);
  });
});
