import { describe, expect, it } from 'vitest';
import { keyNames } from './key-names.js';

const column = (name: string, place: number | null = null, dropped = false) => ({
  name,
  place,
  dropped,
  generated: false,
});
const generated = (name: string) => ({ ...column(name), generated: true });

describe('the key of a table, by the names that the stream gives its columns', () => {
  it.each([
    ['as today', ['id', 'name'], [column('id', 0), column('name')], ['id']],
    ['in the order of the key', ['a', 'b'], [column('a', 1), column('b', 0)], ['b', 'a']],
    ['a table without a key', ['a'], [column('a')], []],
    ['a column added since', ['id'], [column('id', 0), column('more')], ['id']],
    ['a key column renamed since', ['id', 'name'], [column('number', 0), column('name')], ['id']],
    [
      'one of two renamed since: both or none',
      ['a', 'b', 'c'],
      [column('a', 0), column('x', 1), column('c')],
      ['a', 'b'],
    ],
    ['renamed, and a column added', ['id'], [column('number', 0), column('more')], undefined],
    ['renamed, and a column dropped', ['id', 'a'], [column('number', 0), column('', null, true)], undefined],
    [
      'renamed, beside a generated column',
      ['a', 'id'],
      [generated('g'), column('a'), column('number', 0)],
      ['id'],
    ],
    ['renamed, behind one that is sent', ['g', 'id'], [generated('g'), column('number', 0)], ['id']],
    [
      'renamed, behind one that is sent, and a column added',
      ['g', 'id'],
      [generated('g'), column('number', 0), column('more')],
      undefined,
    ],
    ['the table is gone', ['id'], [], undefined],
  ])('%s', (_name, streamed, today, expected) => {
    expect(keyNames(streamed, today)).toEqual(expected);
  });
});
