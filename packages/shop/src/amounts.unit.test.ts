import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatAmount, lineTotal, totalsOf } from './amounts.js';

const item = (quantity: number, price: string | null) => ({ quantity, price });

describe('totalsOf', () => {
  it.each([
    ['no items', '9.99', [], { items: undefined, order: '9.99', difference: undefined }],
    [
      '0.1 + 0.2',
      '0.30',
      [item(1, '0.10'), item(1, '0.20')],
      { items: '0.30', order: '0.30', difference: undefined },
    ],
    ['a cent off', '99.99', [item(2, '49.99')], { items: '99.98', order: '99.99', difference: '0.01' }],
    [
      'a discount as an item',
      '15.00',
      [item(2, '10.00'), item(1, '-5.00')],
      { items: '15.00', order: '15.00', difference: undefined },
    ],
    [
      'a discount on the order',
      '15.00',
      [item(2, '10.00')],
      { items: '20.00', order: '15.00', difference: '-5.00' },
    ],
    ['nothing to pay', '0.00', [item(0, '-3.00')], { items: '0.00', order: '0.00', difference: undefined }],
    [
      'beyond what a float holds',
      '99999999999999999.99',
      [item(3, '33333333333333333.33')],
      { items: '99999999999999999.99', order: '99999999999999999.99', difference: undefined },
    ],
    [
      'an item without a price',
      '9.99',
      [item(1, '1.00'), item(1, null)],
      { items: undefined, order: '9.99', difference: undefined },
    ],
    ['no total', null, [item(1, '1.00')], { items: '1.00', order: undefined, difference: undefined }],
    ['no number', 'NaN', [item(1, '1.00')], { items: '1.00', order: undefined, difference: undefined }],
    [
      'more digits than a cent has',
      '0.002',
      [item(2, '0.001')],
      { items: '0.002', order: '0.002', difference: undefined },
    ],
  ] as const)('%s', (_, total, items, totals) => {
    expect(totalsOf(total, items)).toEqual(totals);
  });

  it('adds up as whole cents do', () => {
    const cents = fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: -1000, max: 1000 }), cents), { minLength: 1 }),
        pairs => {
          const sum = pairs.reduce((total, [quantity, price]) => total + BigInt(quantity) * price, 0n);
          const items = pairs.map(([quantity, price]) => item(quantity, asAmount(price)));
          expect(totalsOf(asAmount(sum), items)).toEqual({
            items: asAmount(sum),
            order: asAmount(sum),
            difference: undefined,
          });
        },
      ),
    );
  });
});

it.each([
  [3, '0.10', '0.30'],
  [-2, '4.50', '-9.00'],
  [1_000_000, '99999999.99', '99999999990000.00'],
  [1, null, undefined],
] as const)('lineTotal of %i at %s', (quantity, price, total) => {
  expect(lineTotal(item(quantity, price))).toBe(total);
});

it('formatAmount writes two decimals, or as many as there are', () => {
  expect(['5', '5.1', '5.123', '1e3', null].map(formatAmount)).toEqual([
    '5.00',
    '5.10',
    '5.123',
    '1000.00',
    undefined,
  ]);
});

/** Cents as a decimal. */
function asAmount(cents: bigint): string {
  const digits = String(cents < 0n ? -cents : cents).padStart(3, '0');
  return `${cents < 0n ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`;
}
