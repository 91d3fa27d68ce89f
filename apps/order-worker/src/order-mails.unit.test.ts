import { totalsOf } from '@walmq/shop';
import { describe, expect, it } from 'vitest';
import { CONFIRMATION, type OrderSummary, REVIEW_REQUEST, SHIPPING } from './order-mails.js';

const MUG = { product_id: 1, name: 'Mug', quantity: 2, price: '4.50' };
const NAMELESS = { product_id: 2, name: null, quantity: 1, price: null };

function order(items: OrderSummary['items'], total: string | null): OrderSummary {
  return { orderId: 7, items, totals: totalsOf(total, items) };
}

const factsOf = (summary: OrderSummary) =>
  CONFIRMATION.content(summary).blocks.flatMap(block => (block.kind === 'facts' ? block.facts : []));
const itemsOf = (mail: typeof CONFIRMATION, summary: OrderSummary) =>
  mail.content(summary).blocks.flatMap(block => (block.kind === 'items' ? block.items : []));

describe("an order's mails", () => {
  it.each([CONFIRMATION, SHIPPING, REVIEW_REQUEST])('$name lists the items', mail => {
    expect(itemsOf(mail, order([MUG, NAMELESS], '9.00'))).toEqual([
      { name: 'Mug', quantity: 2, price: '4.50', total: '9.00' },
      { name: 'Product 2', quantity: 1, price: undefined, total: undefined },
    ]);
  });

  it.each([
    ['agrees', [MUG], '9.00', [['Total', '9.00']]],
    [
      'is more than its items',
      [MUG],
      '12.50',
      [
        ['Items', '9.00'],
        ['Other charges', '3.50'],
        ['Total', '12.50'],
      ],
    ],
    [
      'is less than its items',
      [MUG],
      '8.00',
      [
        ['Items', '9.00'],
        ['Discount', '-1.00'],
        ['Total', '8.00'],
      ],
    ],
    ['is not known', [MUG], null, [['Total', '9.00']]],
    ['has an item without a price', [MUG, NAMELESS], '20.00', [['Total', '20.00']]],
    ['is not known, nor a price', [NAMELESS], null, [['Total', 'to be determined']]],
  ] as const)('say the total where it %s', (_, items, total, facts) => {
    expect(factsOf(order(items, total))).toEqual([['Order number', '7'], ...facts]);
  });

  it('say so where there are no items yet', () => {
    const { blocks } = CONFIRMATION.content(order([], '9.00'));
    expect(blocks).toContainEqual({
      kind: 'paragraph',
      text: expect.stringContaining('items are not recorded yet') as string,
    });
  });

  it('list a hundred items, and say how many more there are', () => {
    const { blocks } = SHIPPING.content(order(Array(130).fill(MUG), '1170.00'));
    expect(itemsOf(SHIPPING, order(Array(130).fill(MUG), '1170.00'))).toHaveLength(100);
    expect(blocks).toContainEqual({ kind: 'paragraph', text: 'And 30 more.' });
  });
});
