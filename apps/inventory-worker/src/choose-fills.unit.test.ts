import { expect, it } from 'vitest';
import { chooseFills } from './choose-fills.js';

const waiting = (...quantities: number[]) =>
  quantities.map((quantity, n) => ({ item_id: n + 1, order_id: n + 1, quantity }));

it.each([
  ['nobody', 10, waiting(), []],
  ['all of them', 10, waiting(3, 7), [1, 2]],
  ['the oldest', 10, waiting(8, 7), [1]],
  ['who comes after one that wants too much', 10, waiting(11, 4, 7, 6), [2, 4]],
  ['nobody when there is nothing', 0, waiting(1), []],
  ['nobody when there is less than nothing', -5, waiting(1), []],
] as const)('%s', (_, stock, orders, filled) => {
  expect(chooseFills(stock, orders).map(({ item_id }) => item_id)).toEqual(filled);
});
