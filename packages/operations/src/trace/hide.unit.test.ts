import { parseConfig, resolveConfig } from '@walmq/config';
import { expect, it } from 'vitest';
import { HIDDEN, shownData, shownJson } from './hide.js';

const queues = Object.values(
  resolveConfig(
    parseConfig(
      {
        queues: {
          audit: { tables: ['orders', 'walmq.operator_log'] },
          orders: { table: 'orders', mask: { email: 'redact' } },
        },
      },
      'test',
    ),
  ).queues,
);
const WHOLE = {
  schema: 'public',
  table: 'orders',
  key: { id: 1 },
  before: null,
  after: { id: 1, email: 'ann@example.com' },
};

it("hides in a log's queue what another queue of the table masks, and nothing elsewhere", () => {
  expect(shownData(queues, 'audit', WHOLE)).toEqual({ ...WHOLE, after: { id: 1, email: HIDDEN } });
  expect(shownData(queues, 'orders', WHOLE)).toBe(WHOLE);
  expect(JSON.parse(shownJson(queues, 'audit', JSON.stringify(WHOLE)))).toMatchObject({
    after: { email: HIDDEN },
  });
  expect(shownJson(queues, 'audit', 'no JSON')).toBe(HIDDEN);
});

it("hides the changes in the operators' log, where its own changes are listed", () => {
  const entry = {
    table: 'operator_log',
    schema: 'walmq',
    after: { who: 'mia', original: '{}', corrected: null },
  };
  expect(shownData(queues, 'audit', entry)).toMatchObject({
    after: { who: 'mia', original: HIDDEN, corrected: null },
  });
});

it.each([null, 'text', 7, [], { table: 7 }, { table: 'orders', after: 'text' }])(
  'leaves %j, which is no change',
  data => {
    expect(shownData(queues, 'audit', data)).toEqual(data);
  },
);
