import { describe, expect, it } from 'vitest';
import type { PositionedFact } from './fact.js';
import { newestOf } from './newest.js';

function fact(
  id: number,
  position: string,
  values: PositionedFact['values'] = { status: position },
): PositionedFact {
  return { table: 'facts', key: { id }, values, position };
}

describe('newestOf', () => {
  it('keeps the last fact of each key, and of one position the first', () => {
    const facts = [fact(2, '1'), fact(1, '3'), fact(1, '2'), fact(2, '4'), fact(2, '4', { status: 'again' })];
    expect(newestOf(facts)).toEqual([[fact(1, '3'), fact(2, '4')]]);
  });

  it('groups what one statement can write: by table, by columns, and what is no more', () => {
    const other: PositionedFact = { table: 'others', key: { id: 1 }, values: { status: '1' }, position: '1' };
    const wide = fact(3, '1', { status: '1', total: 2 });
    const groups = newestOf([other, fact(2, '1', null), wide, fact(1, '1'), fact(4, '1')]);
    expect(groups).toHaveLength(4);
    expect(groups).toContainEqual([fact(1, '1'), fact(4, '1')]);
    expect(newestOf([wide, fact(1, '1'), fact(4, '1'), fact(2, '1', null), other])).toEqual(groups);
  });
});
