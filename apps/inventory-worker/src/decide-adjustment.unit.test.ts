import type { OrderItemRow } from '@walmq/shop';
import { describe, expect, it } from 'vitest';
import { decideAdjustment, type Standing } from './decide-adjustment.js';

const ITEM: OrderItemRow = { id: 1, order_id: 10, product_id: 100, quantity: 3, price: '1.00' };
const RESERVED: Standing = {
  state: 'reserved',
  order_id: 10,
  product_id: 100,
  quantity: 3,
  reason: 'ordered',
};
const OPEN: Standing = { ...RESERVED, state: 'open', reason: 'not enough stock' };

describe('decideAdjustment', () => {
  it.each([
    ['nothing on record', [], ITEM, { kind: 'anew' }],
    ['reserved as it is', [RESERVED], ITEM, { kind: 'unchanged' }],
    ['only the price differs', [RESERVED], { ...ITEM, price: '2.00' }, { kind: 'unchanged' }],
    ['more of it', [RESERVED], { ...ITEM, quantity: 5 }, { kind: 'difference', more: 2 }],
    ['less of it', [RESERVED], { ...ITEM, quantity: 1 }, { kind: 'difference', more: -2 }],
    ['moved to another order', [RESERVED], { ...ITEM, order_id: 11 }, { kind: 'difference', more: 0 }],
    ['none of it', [RESERVED], { ...ITEM, quantity: 0 }, { kind: 'anew' }],
    ['another product', [RESERVED], { ...ITEM, product_id: 101 }, { kind: 'anew' }],
    ['back-ordered as it is', [OPEN], ITEM, { kind: 'unchanged' }],
    ['back-ordered, and fewer asked for', [OPEN], { ...ITEM, quantity: 1 }, { kind: 'anew' }],
    [
      'back-ordered after a change',
      [{ ...RESERVED, state: 'released', reason: 'item changed' }, OPEN],
      { ...ITEM, quantity: 1 },
      { kind: 'anew' },
    ],
    [
      'cancelled, and more asked for',
      [{ ...RESERVED, state: 'released', reason: 'order cancelled' }],
      { ...ITEM, quantity: 5 },
      { kind: 'unchanged' },
    ],
    [
      'cancelled while back-ordered',
      [{ ...OPEN, state: 'closed', reason: 'order cancelled' }],
      { ...ITEM, quantity: 1 },
      { kind: 'unchanged' },
    ],
  ] as const satisfies readonly (readonly [string, readonly Standing[], OrderItemRow, object])[])(
    '%s',
    (_, standings, item, adjustment) => {
      expect(decideAdjustment(standings, item)).toEqual(adjustment);
    },
  );
});
