import { describe, expect, it } from 'vitest';
import type { PositionedFact } from '../fact.js';
import { bodyOf, encodeRow, intoRequests } from './requests.js';

const FACT: PositionedFact = {
  table: 'facts',
  key: { id: '9007199254740993' },
  values: { total: '9.90', raw: { a: 1 }, tags: ['x'] },
  position: '0000000000000010-0000000001',
};

const parsed = (fact: PositionedFact, types = {}) => JSON.parse(encodeRow(fact, types).text);

describe('encodeRow', () => {
  it('writes the values as they are, and a document as text', () => {
    expect(parsed(FACT).json).toEqual({
      id: '9007199254740993',
      total: '9.90',
      raw: '{"a":1}',
      tags: ['x'],
      walmq_position: FACT.position,
      walmq_deleted: false,
    });
  });

  it('goes by the types of a known table', () => {
    const types = { raw: 'STRUCT<a INT64>', total: 'JSON', tags: 'json' };
    expect(parsed(FACT, types).json).toMatchObject({ raw: { a: 1 }, total: '"9.90"', tags: '["x"]' });
    expect(parsed({ ...FACT, values: { total: null } }, types).json).toMatchObject({ total: null });
  });

  it('writes a tombstone of the key alone', () => {
    expect(parsed({ ...FACT, values: null }).json).toEqual({
      ...FACT.key,
      walmq_position: FACT.position,
      walmq_deleted: true,
    });
  });

  it('names a fact of a change the same at every try, and two of them differently', () => {
    const id = (fact: PositionedFact) => parsed(fact).insertId as string;
    expect(id(FACT)).toBe(id({ ...FACT, values: { total: '1' } }));
    expect(id(FACT)).toMatch(/^0000000000000010-0000000001-[\w-]{22}$/);
    expect(id({ ...FACT, key: { id: '2' } })).not.toBe(id(FACT));
    expect(id({ ...FACT, position: '0000000000000010-0000000002' })).not.toBe(id(FACT));
  });

  it('gives up a row that no request can hold, without its data', () => {
    expect(() => encodeRow({ ...FACT, values: { text: 'ä'.repeat(5_000_000) } }, {})).toThrow(
      expect.objectContaining({ code: 'HANDLER_GAVE_UP', changeId: FACT.position }),
    );
  });
});

describe('intoRequests', () => {
  const row = (text: string) => ({ changeId: '1', text });

  it.each([
    ['by bytes, with the comma', ['aaaa', 'äü', 'a'], { bytes: 10, rows: 9 }, [['aaaa', 'äü'], ['a']]],
    ['by rows', ['a', 'b', 'c'], { bytes: 99, rows: 2 }, [['a', 'b'], ['c']]],
    ['nothing', [], { bytes: 99, rows: 2 }, []],
  ])('splits %s', (_, texts, limits, requests) => {
    expect(intoRequests(texts.map(row), limits).map(rows => rows.map(({ text }) => text))).toEqual(requests);
  });

  it('joins rows to a body', () => {
    expect(JSON.parse(bodyOf([row('{"a":1}'), row('{"a":2}')]))).toEqual({ rows: [{ a: 1 }, { a: 2 }] });
  });
});
