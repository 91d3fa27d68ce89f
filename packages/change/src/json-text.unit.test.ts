import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isNestedDeeper, jsonMembers } from './json-text.js';

describe('jsonMembers', () => {
  it('gives each value as it is written', () => {
    const json = ' { "a" : 1.10 , "b\\"}":[{"c":"]},\\\\"},2],"__proto__":null,"d":{} ,"":"x" } ';
    expect([...(jsonMembers(json) as Map<string, string>)]).toEqual([
      ['a', '1.10'],
      ['b"}', '[{"c":"]},\\\\"},2]'],
      ['__proto__', 'null'],
      ['d', '{}'],
      ['', '"x"'],
    ]);
    expect(jsonMembers('{}')).toEqual(new Map());
  });

  it('takes no name twice, however it is written', () => {
    expect(jsonMembers('{"id":1,"x":{"id":2},"\\u0069d":3}')).toBeUndefined();
  });

  it('agrees with JSON.parse', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.nat(4), (object, space) => {
        const members = jsonMembers(JSON.stringify(object, null, space)) as Map<string, string>;
        expect(Object.fromEntries([...members].map(([name, text]) => [name, JSON.parse(text)]))).toEqual(
          JSON.parse(JSON.stringify(object)),
        );
      }),
    );
  });
});

describe('isNestedDeeper', () => {
  it.each([
    ['"[[[["', 0, false],
    ['[]', 0, true],
    ['[[],{}]', 2, false],
    ['[{"a":[]}]', 2, true],
    ['{"[\\"[[":1}', 1, false],
    ['['.repeat(1_000_000), 200, true],
  ])('%.20s beyond %i: %s', (json, limit, deeper) => {
    expect(isNestedDeeper(json, limit)).toBe(deeper);
  });
});
