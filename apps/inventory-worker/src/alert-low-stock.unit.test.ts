import { describe, expect, it } from 'vitest';
import { crossesThreshold } from './alert-low-stock.js';

const stock = (stock_quantity: number, low_stock_threshold: number | null = 5) => ({
  product_id: 1,
  stock_quantity,
  low_stock_threshold,
  updated_at: null,
});

describe('crossesThreshold', () => {
  it.each([
    ['above, above', stock(10), stock(6), false],
    ['above, at', stock(6), stock(5), true],
    ['above, under', stock(6), stock(0), true],
    ['at, under', stock(5), stock(4), false],
    ['under, further under', stock(4), stock(1), false],
    ['under, above', stock(4), stock(6), false],
    ['new and at', null, stock(5), true],
    ['new and above', null, stock(6), false],
    ['threshold raised over the stock', stock(10, 5), stock(10, 20), true],
    ['no threshold', stock(10, null), stock(0, null), false],
    ['threshold set over the stock', stock(3, null), stock(3, 5), true],
  ] as const)('%s', (_, before, after, crosses) => {
    expect(crossesThreshold(before, after)).toBe(crosses);
  });
});
