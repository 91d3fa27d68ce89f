import { describe, expect, it } from 'vitest';
import { didYouMean, nearestName } from './did-you-mean.js';

describe('the name that was meant', () => {
  it.each([
    ['user', ['orders', 'User', 'used'], 'User'],
    ['tabel', ['tables', 'table', 'orderBy'], 'table'],
    ['ordres', ['items', 'orders'], 'orders'],
    ['ORDERS', ['orders'], 'orders'],
    ['oder_items', ['order_items', 'orders'], 'order_items'],
    ['customers', ['orders', 'items'], undefined],
    ['it', ['if', 'id'], undefined],
    ['x', [], undefined],
  ])('%s of %j: %s', (wanted, names, meant) => {
    expect(nearestName(wanted, names)).toBe(meant);
  });

  it('is said as a question', () => {
    expect(didYouMean('tabel', ['table'])).toBe(' Did you mean "table"?');
    expect(didYouMean('a bb', ['"a b"'])).toBe('');
    expect(didYouMean('"a bb"', ['"a b"'])).toBe(' Did you mean "a b"?');
    expect(didYouMean('x', ['orders'])).toBe('');
  });
});
