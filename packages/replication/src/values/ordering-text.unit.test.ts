import { decimalText } from '@walmq/change';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addressText,
  dateTimeText,
  foldedText,
  intervalText,
  jsonText,
  withoutTrailingBlanks,
} from './ordering-text.js';

describe('the ordering text of a number', () => {
  it.each([
    [['1', '1.0', '1.00', '1e+00', '01', '+1', '10e-1'], '1'],
    [['0', '-0', '0.00', '0e10', '-0.0'], '0'],
    [['100', '100.00', '1e+02', '1E2'], '100'],
    [['-0.05', '-5e-02', '-.05'], '-0.05'],
    [['123.45', '12345e-2', '123.4500'], '123.45'],
    [['1e+20', '100000000000000000000'], '100000000000000000000'],
    [['NaN'], 'NaN'],
    [['-Infinity'], '-Infinity'],
    [[`1${'0'.repeat(500)}`, '1e500', '10e499'], '1e501'],
  ])('%j is %s', (spellings, text) => {
    expect(spellings.map(decimalText)).toEqual(spellings.map(() => text));
  });

  it('is one for one value, and another for another', () => {
    const spelt = fc.record({
      value: fc.integer({ min: -99_999, max: 99_999 }),
      scale: fc.nat(450),
      zeros: fc.nat(5),
    });
    fc.assert(
      fc.property(spelt, spelt, (a, b) => {
        const plain = ({ value, scale, zeros }: typeof a) => `${value}${'0'.repeat(zeros)}e-${scale + zeros}`;
        const big = ({ value, scale }: typeof a) => BigInt(value) * 10n ** BigInt(450 - scale);
        expect(decimalText(plain(a)) === decimalText(plain(b))).toBe(big(a) === big(b));
        expect(decimalText(plain(a))).toBe(decimalText(`${a.value}e-${a.scale}`));
      }),
    );
  });

  it('within jsonb: numbers alone, never what stands in a string', () => {
    expect(jsonText('{"a": 1.00, "1.00": ["1.00", -2.50, "\\"3.0"]}')).toBe(
      '{"a": 1, "1.00": ["1.00", -2.5, "\\"3.0"]}',
    );
  });
});

it.each([
  [withoutTrailingBlanks, ['ab', 'ab ', 'ab    '], 'ab'],
  [dateTimeText, ['"2026-11-22"', '"2026-11-22T00:00:00"', '"2026-11-22T00:00:00Z"'], '2026-11-22'],
  [dateTimeText, ['"2026-11-22T10:00:00.5"', '"2026-11-22T10:00:00.5Z"'], '2026-11-22T10:00:00.5'],
  [addressText, ['10.0.0.1', '10.0.0.1/32'], '10.0.0.1'],
  [addressText, ['::1', '::1/128'], '::1'],
  [addressText, ['10.0.0.0/8'], '10.0.0.0/8'],
  [intervalText, ['P1D', 'PT24H', 'PT1440M', 'P-29DT720H'], '86400000000'],
  [intervalText, ['P1Y', 'P12M', 'P360D'], '31104000000000'],
  [intervalText, ['PT-0.5S', 'PT1M-60.5S'], '-500000'],
  [foldedText, ['Straße', 'STRASSE', 'STRAẞE'], 'strasse'],
  [foldedText, ['İ', 'i', 'I', 'ı', 'i̇'], 'i'],
  [foldedText, ['ΑΣ', 'ας', 'ασ'], 'ας'],
] as const)('%o: one text for %j', (ordering, spellings, text) => {
  expect(spellings.map(ordering)).toEqual(spellings.map(() => text));
});
