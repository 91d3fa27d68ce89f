import { describe, expect, it } from 'vitest';
import { arrayType } from './array-type.js';
import { JsonWriter } from './json-writer.js';
import { scalarType, TEXT_TYPE, type ValueType } from './value.js';

const [INT4, FLOAT8, DATE, TIMESTAMP, TIMESTAMPTZ, BYTEA, BOOL, JSONB] = [
  23, 701, 1082, 1114, 1184, 17, 16, 3802,
];

describe('scalar to JSON', () => {
  it.each([
    [INT4, '-2147483648', '-2147483648'],
    [FLOAT8, '1e+300', '1e+300'],
    [FLOAT8, 'NaN', '"NaN"'],
    [FLOAT8, '-Infinity', '"-Infinity"'],
    [BOOL, 't', 'true'],
    [BOOL, 'f', 'false'],
    [BYTEA, '\\x00ff10', '"AP8Q"'],
    [BYTEA, '\\x', '""'],
    [JSONB, '{"n": 12345678901234567890.123}', '{"n": 12345678901234567890.123}'],
    [DATE, '2026-11-22', '"2026-11-22"'],
    [DATE, '0044-03-15 BC', '"-000043-03-15"'],
    [DATE, '12026-01-01', '"+012026-01-01"'],
    [DATE, 'infinity', '"infinity"'],
    [TIMESTAMP, '2026-11-22 10:00:00', '"2026-11-22T10:00:00"'],
    [TIMESTAMP, '2026-11-22 10:00:00.123456', '"2026-11-22T10:00:00.123456"'],
    [TIMESTAMP, '0001-01-01 00:00:00 BC', '"0000-01-01T00:00:00"'],
    [TIMESTAMP, '-infinity', '"-infinity"'],
    [TIMESTAMPTZ, '2026-11-22 10:00:00+00', '"2026-11-22T10:00:00Z"'],
    [TIMESTAMPTZ, '4713-11-24 00:00:00.5+00 BC', '"-004712-11-24T00:00:00.5Z"'],
  ])('type %i: %s is %s', (oid, text, json) => {
    const type = scalarType(oid) as ValueType;
    expect(type.toJson(text)).toBe(json);
    const bytes = Buffer.from(`left of it ${text} right of it`);
    const writer = new JsonWriter();
    type.write(writer, bytes, 'left of it '.length, bytes.length - ' right of it'.length);
    expect(writer.take()).toBe(json);
  });
});

describe('array to JSON', () => {
  const number = scalarType(INT4) as ValueType;

  it.each([
    ['{}', number, ',', '[]'],
    ['{1,2,NULL}', number, ',', '[1,2,null]'],
    ['{{1,2},{3,4}}', number, ',', '[[1,2],[3,4]]'],
    ['[0:1]={7,8}', number, ',', '[7,8]'],
    ['[-1:0][2:2]={{7},{8}}', number, ',', '[[7],[8]]'],
    ['{"a,b","c}d","e\\"f","g\\\\h","NULL",""}', TEXT_TYPE, ',', '["a,b","c}d","e\\"f","g\\\\h","NULL",""]'],
    ['{(1,2);(3,4)}', TEXT_TYPE, ';', '["(1,2)","(3,4)"]'],
  ])('%s', (text, element, delimiter, json) => {
    expect(arrayType(element, delimiter).toJson(text)).toBe(json);
  });

  it.each(['{', '{1', '{"a', '{1}2'])('refuses %s', text => {
    expect(() => arrayType(TEXT_TYPE, ',').toJson(text)).toThrow(RangeError);
  });
});
