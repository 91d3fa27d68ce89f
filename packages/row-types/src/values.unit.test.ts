import { describe, expect, expectTypeOf, it } from 'vitest';
import type { z } from 'zod';
import { type DocsRow, docsRow, docsRowSent, type Tables } from '../test/sample-fixture.js';
import type { SentIn } from './identity-only.js';
import { rowOf } from './row-of.js';
import { values } from './values.js';

describe('values', () => {
  it.each<[kind: Exclude<keyof typeof values, 'oneOf'>, taken: unknown[], refused: unknown[]]>([
    ['boolean', [true], ['t', 1, null]],
    ['integer', [0, -2_147_483_648, 2_147_483_647], [1.5, 2_147_483_648, '1', 'NaN', null]],
    ['float', [0.5, 1e300, 'NaN', '-Infinity'], ['nan', '1', null]],
    ['bigint', ['0', '-9223372036854775808'], [1, '1.0', '1e3', '', 'NaN']],
    ['numeric', ['0', '-1.50', '99999999999999999999', 'NaN', '-Infinity'], [1, '1e3', '.5', '', '-NaN']],
    ['json', [null, 'x', 1, [{ a: [null] }]], [undefined, new Date(0)]],
    [
      'date',
      ['2026-11-22', '-000043-03-15', '+012026-01-01', '+5874897-12-31', 'infinity'],
      ['2026-13-01', '2026-11-22T10:00:00', '12026-01-01', '22.11.2026', 'Infinity'],
    ],
    [
      'timestamp',
      ['2026-11-22T10:00:00', '2026-11-22T10:00:00.123456', '-infinity'],
      ['2026-11-22T10:00:00Z', '2026-11-22 10:00:00', '2026-11-22', '2026-11-22T24:00:00'],
    ],
    [
      'timestamptz',
      ['2026-11-22T10:00:00Z', '+012026-01-01T00:00:00Z', 'infinity'],
      ['2026-11-22T10:00:00', '2026-11-22T10:00:00+02:00'],
    ],
    ['bytes', ['', 'AP8Q', 'AA=='], ['\\x00', 'A', 1]],
    ['text', ['', '✓'], [1, null]],
  ])('%s', (kind, taken, refused) => {
    for (const value of taken)
      expect(values[kind].safeParse(value), String(value)).toMatchObject({ success: true });
    for (const value of refused)
      expect(values[kind].safeParse(value), String(value)).toMatchObject({ success: false });
  });
});

describe('rowOf', () => {
  interface Row {
    id: number;
    note: string | null;
  }

  it('takes what the interface says and leaves columns out that came later', () => {
    const row = rowOf<Row>()({ id: values.integer, note: values.text.nullable() });
    expect(row.parse({ id: 1, note: null, extra: 2 })).toEqual({ id: 1, note: null });
    expect(row.safeParse({ id: 1 }).success).toBe(false);
  });

  it('does not compile where validator and interface differ', () => {
    const made = [
      // @ts-expect-error a column less
      rowOf<Row>()({ id: values.integer }),
      // @ts-expect-error a column more
      rowOf<Row>()({ id: values.integer, note: values.text.nullable(), extra: values.text }),
      // @ts-expect-error a null less
      rowOf<Row>()({ id: values.integer, note: values.text }),
      // @ts-expect-error a null more
      rowOf<Row>()({ id: values.integer.nullable(), note: values.text.nullable() }),
      // @ts-expect-error another type
      rowOf<Row>()({ id: values.text, note: values.text.nullable() }),
    ];
    expect(made).toHaveLength(5);
  });
});

describe('sentOf', () => {
  const row: DocsRow = { id: 1, title: 'a', body: null, kept: null, extra: null };

  it('takes a row without the columns that may be left out, and none with undefined in them', () => {
    const { title, body, extra, ...sent } = row;
    expect(docsRowSent.parse(sent)).toEqual({ id: 1, kept: null });
    expect(docsRowSent.parse(row)).toEqual(row);
    expect(docsRow.safeParse(sent).success).toBe(false);
    expect(docsRowSent.safeParse({ ...sent, body: undefined }).success).toBe(false);
    expect(docsRowSent.safeParse({ title, body, extra }).success).toBe(false);
  });

  it('has the type of what a handler is given', () => {
    expectTypeOf<z.output<typeof docsRowSent>>().toExtend<SentIn<Tables['docs']>>();
    expectTypeOf<SentIn<Tables['docs']>>().toExtend<z.output<typeof docsRowSent>>();
  });
});
