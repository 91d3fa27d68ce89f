import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jsonMembers } from './json-members.js';

describe('the members of a JSON object, as they stand', () => {
  it.each([
    ['{}', []],
    [' { } ', []],
    ['{"a":1}', [['a', '1']]],
    [
      '{"a" : 12345678901234567890.10 , "b":"\\u0000\\ud800" }',
      [
        ['a', '12345678901234567890.10'],
        ['b', '"\\u0000\\ud800"'],
      ],
    ],
    [
      '{"a\\"b":{"c":"}"},"d":[",",{}]}',
      [
        ['a"b', '{"c":"}"}'],
        ['d', '[",",{}]'],
      ],
    ],
    [
      '{"a":1,"a":2}',
      [
        ['a', '1'],
        ['a', '2'],
      ],
    ],
    ['{"\\u0000":null}', [['\u0000', 'null']]],
  ])('%s', (json, members) => {
    expect(jsonMembers(json).map(({ name, json: value }) => [name, value])).toEqual(members);
  });

  it('has no depth that is too much', () => {
    const deep = '['.repeat(200_000) + ']'.repeat(200_000);
    expect(jsonMembers(`{"doc":${deep},"id":1}`).map(({ json }) => json)).toEqual([deep, '1']);
  });

  it('is put together again to the same object', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.nat({ max: 2 }), (object, indent) => {
        const json = JSON.stringify(object, null, indent);
        const again = `{${jsonMembers(json)
          .map(({ text }) => text)
          .join(',')}}`;
        expect(JSON.stringify(JSON.parse(again))).toBe(JSON.stringify(object));
      }),
    );
  });

  it.each(['[]', '1', '{"a":1', '{"a', '{"a":"b'])('refuses %s', json => {
    expect(() => jsonMembers(json)).toThrow(RangeError);
  });
});
