import { parseLsn } from '@walmq/change';
import { describe, expect, it } from 'vitest';
import { kindId } from './failures.js';
import { type FailedFilter, matches } from './filter.js';

const REASON = 'SMTP <n>: try later';
const JOB = {
  id: '00000016B374D848-0000000003-abcdef',
  name: 'update',
  data: {
    id: '00000016B374D848-0000000003',
    op: 'update',
    schema: 'public',
    table: 'orders',
    key: { id: 42, region: 'eu' },
    before: { id: 42, region: 'eu', shop_id: '7', closed: false },
    after: { id: 42, region: 'eu', shop_id: '8', closed: null },
    tx: { committedAt: '2026-01-31T10:00:00.123456Z' },
  },
  failedReason: 'SMTP 421: try later',
  finishedOn: Date.parse('2026-01-31T11:00:00Z'),
};
const at = (text: string) => Date.parse(text);

describe('a filter of failed changes', () => {
  it.each<[string, FailedFilter, boolean]>([
    ['nothing said', {}, true],
    ['its table', { table: 'orders' }, true],
    ['another table', { table: 'sales.orders' }, false],
    ['its operation', { op: 'update' }, true],
    ['another operation', { op: 'insert' }, false],
    ['its key, a number', { key: { id: '42' } }, true],
    ['its whole key', { key: { id: '42', region: 'eu' } }, true],
    ['a key that differs in a column', { key: { id: '42', region: 'us' } }, false],
    ['its key by values alone', { keyValues: ['42', 'eu'] }, true],
    ['its key by values in another order', { keyValues: ['eu', '42'] }, false],
    ['a part of its key by value alone', { keyValues: ['42'] }, false],
    ['a column it is ordered by, new value', { key: { shop_id: '8' } }, true],
    ['a column it is ordered by, old value', { key: { shop_id: '7' } }, true],
    ['a column it is ordered by, another value', { key: { shop_id: '9' } }, false],
    ['null, of the new row', { key: { closed: 'null' } }, true],
    ['a column that is not there', { key: { name: 'x' } }, false],
    ['a part of the reason, in other case', { reason: 'smtp' }, true],
    ['another reason', { reason: 'SMTP 550' }, false],
    [
      'failed within',
      { failedFromMs: at('2026-01-31T11:00:00Z'), failedToMs: at('2026-01-31T11:00:00Z') },
      true,
    ],
    ['failed before', { failedFromMs: at('2026-01-31T11:00:01Z') }, false],
    ['committed within', { committedToMs: at('2026-01-31T10:00:01Z') }, true],
    ['committed later', { committedToMs: at('2026-01-31T09:59:59Z') }, false],
    ['its LSN, both ends', { fromLsn: parseLsn('16/B374D848'), toLsn: parseLsn('16/B374D848') }, true],
    ['a later LSN', { fromLsn: parseLsn('16/B374D849') }, false],
    ['its job id', { ids: new Set([JOB.id]) }, true],
    ["its change's id", { ids: new Set([JOB.data.id]) }, true],
    ['another id', { ids: new Set(['x']) }, false],
    ["the beginning of its change's id", { ids: new Set([JOB.data.id.slice(0, 20)]) }, false],
    ['its group', { group: kindId({ queue: 'mails', table: 'orders', reason: REASON }) }, true],
    ['the group of another table', { group: kindId({ queue: 'mails', table: 'x', reason: REASON }) }, false],
    ['one of two does not hold', { table: 'orders', op: 'delete' }, false],
    ['its kind', { kind: { queue: 'mails', table: 'orders', reason: REASON } }, true],
    ['the same kind of another queue', { kind: { queue: 'x', table: 'orders', reason: REASON } }, false],
  ])('%s', (_name, filter, expected) => {
    expect(matches(filter, 'mails', JOB)).toBe(expected);
  });

  it('a job that holds no change is found by what it has, and by nothing else', () => {
    const plain = { id: '7', name: 'resize', data: null, failedReason: 'no memory' };
    expect(matches({ reason: 'memory', ids: new Set(['7']) }, 'images', plain)).toBe(true);
    for (const filter of [
      { table: 'x' },
      { key: { id: '1' } },
      { fromLsn: parseLsn('0/0') },
      { committedFromMs: 0 },
    ])
      expect(matches(filter, 'images', plain)).toBe(false);
  });
});
