import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inexactNumbers, parseExactJson } from './exact-json.js';

describe('JSON with numbers that a double does not hold', () => {
  it.each([
    ['1e400', '1e400'],
    ['-1E+400', '-1E+400'],
    ['1e-400', '1e-400'],
    ['12345678901234567890', '12345678901234567890'],
    ['0.12345678901234567890', '0.12345678901234567890'],
    ['9007199254740993', '9007199254740993'],
    ['9007199254740992', 9_007_199_254_740_992],
    ['1.50000000000000000000', 1.5],
    ['1e3', 1000],
    ['-0', -0],
    ['0.1', 0.1],
  ])('%s is %j', (json, value) => {
    expect(parseExactJson(json)).toEqual(value);
    expect(parseExactJson(`{"a": [null, true, ${json}, "${json}"], "e1": {"b\\"1e400": ${json}}}`)).toEqual({
      a: [null, true, value, json],
      e1: { 'b"1e400': value },
    });
  });

  it('is what JSON.parse makes of it where it has none', () => {
    fc.assert(
      fc.property(fc.jsonValue({ depthSize: 'medium' }), value => {
        const json = JSON.stringify(value);
        expect(inexactNumbers(json)).toEqual([]);
        expect(parseExactJson(json)).toEqual(JSON.parse(json));
      }),
    );
  });
});
