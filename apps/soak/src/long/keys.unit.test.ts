import { expect, it } from 'vitest';
import { explainKeys } from './keys.js';

const PLACE = { prefixes: ['{long-0}', '{long-1}'], queues: ['singles', 'pairs'] };

it('explains what walmq and BullMQ keep', () => {
  const keys = [
    '{long-0}:walmq:checkpoint:7:db:slot',
    '{long-1}:walmq:checkpoint:7:db:slot',
    '{long-0}:singles:meta',
    '{long-1}:pairs:0000000001E05978-0000000001-a1b2c3',
  ];
  const { groups, unknown } = explainKeys(keys, PLACE);
  expect(unknown).toEqual([]);
  expect(groups.map(({ count }) => count)).toEqual([2, 1, 1]);
});

it.each([
  '{long-0}:singles:wait',
  '{long-0}:singles:active',
  '{long-0}:singles:0000000001E05978-0000000001-a1b2c3:lock',
  '{long-0}:singles:0000000001E05978-0000000001-a1b2c3:dependencies',
  '{long-0}:walmq:something',
  '{long-0}:others:meta',
  'singles:meta',
])('does not explain %s', key => {
  expect(explainKeys([key], PLACE).unknown).toEqual([key]);
});
