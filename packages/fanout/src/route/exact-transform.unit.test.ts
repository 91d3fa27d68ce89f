import type { Json } from '@walmq/change';
import { describe, expect, it } from 'vitest';
import { transformExactly } from './exact-transform.js';

const LARGE = '12345678901234567890';

/** JSON text of the function's result. */
function written(json: string, transform: (value: never) => object | null): string | null {
  const transformed = transformExactly(json, transform as (value: Json) => object | null);
  return transformed?.write(transformed.made) ?? null;
}

describe('a function of JSON with numbers that JavaScript does not hold', () => {
  const json = `{"doc":{"n":1e400,"list":[${LARGE},1.5],"text":"${LARGE}"},"b":-1e400}`;

  it.each<
    [string, (value: { doc: { n: number; list: number[]; text: string }; b: number }) => object, string]
  >([
    ['leaves all as it is', value => value, json],
    ['copies', value => structuredClone(value), json],
    ['leaves out and adds', ({ doc }) => ({ doc, c: 1 }), json.replace('"b":-1e400', '"c":1')],
    ['moves', ({ doc, b }) => ({ m: [b, doc.n, doc.list[0]] }), `{"m":[-1e400,1e400,${LARGE}]}`],
    ['sets', value => ({ ...value, doc: 1, b: 2 }), '{"doc":1,"b":2}'],
    [
      'computes',
      ({ b }) => ({ b: b + 1, c: 1e300 * 10 ** 300, d: Number.NaN }),
      '{"b":-1e400,"c":1e400,"d":null}',
    ],
    ['gives a date', () => ({ at: new Date(0) }), '{"at":"1970-01-01T00:00:00.000Z"}'],
  ])('%s', (_name, transform, expected) => {
    expect(written(json, transform as never)).toBe(expected);
  });

  it('keeps apart what JavaScript does not, where it stays, and refuses to guess where it moves', () => {
    const two = '{"a":1e400,"b":1e500,"c":[1e600,1E+600]}';
    expect(written(two, value => value)).toBe(two);
    expect(() => written(two, (({ b }: { b: number }) => ({ a: b, z: b })) as never)).toThrow(
      /does not tell/,
    );
    expect(written('{"a":1e400,"b":1E+400}', (({ b }: { b: number }) => ({ z: b })) as never)).toBe(
      '{"z":1e400}',
    );
  });

  it('has null for nothing, and JSON.stringify where there are none', () => {
    expect(transformExactly('{"a":1e400}', () => null)).toBeNull();
    expect(written('{"a": 1}', value => value)).toBe('{"a":1}');
  });
});
