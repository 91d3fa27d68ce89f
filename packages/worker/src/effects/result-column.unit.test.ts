import { describe, expect, it } from 'vitest';
import { fromColumn, toColumn } from './result-column.js';

const half = '\ud83d';

describe('a result in a jsonb column', () => {
  it.each([
    ['a plain one', { id: 1, note: 'é \n "' }, false],
    ['a backslash before what looks like an escape', { path: 'C:\\u0000' }, false],
    ['U+0000', { note: 'a\0b' }, true],
    ['U+0000 after a backslash', { note: '\\\0' }, true],
    ['U+0000 in a name', { 'a\0': 1 }, true],
    ['half of a surrogate pair', [half], true],
    ['the other half', { note: '\ude00' }, true],
    ['a whole pair', { note: '😀' }, false],
    ['a text alone', `x${half}`, true],
    ['null', null, false],
  ])('%s comes back as it was', (_, result, asText) => {
    const column = toColumn(result) as string;
    expect(/[^\\]\\u(0000|d83d|de00)/.test(column)).toBe(false);
    expect(column.startsWith('{"walmq:json":')).toBe(asText);
    expect(fromColumn(JSON.parse(column))).toEqual(result);
  });

  it('is null where there is none', () => {
    expect(toColumn(undefined)).toBeNull();
    expect(fromColumn(null)).toBeNull();
  });
});
