import { describe, expect, it } from 'vitest';
import { confirmationOf, outcomeOf } from '../pipeline/action-text.js';
import { FailureGroups, kindId, kindOf } from './failures.js';
import { normalizeReason } from './normalize-reason.js';

describe('a reason', () => {
  it.each([
    ['order 42 is gone', 'order <n> is gone'],
    ['value "a b" of key \'id\' = -1.5', 'value <value> of key <value> = <n>'],
    ['row 6f9619ff-8b86-d011-b42d-00c04fc964ff', 'row <uuid>'],
    ['smtp2 said 550 5.1.1', 'smtp2 said <n> 5.1.1'],
    ['first line\n  at code (file.js:1:2)', 'first line'],
    ['', ''],
  ])('%j is of the kind %j', (reason, kind) => {
    expect(normalizeReason(reason)).toBe(kind);
  });
});

describe('groups', () => {
  it('are counted by queue, table and reason, the largest first', () => {
    const groups = new FailureGroups();
    const failed = (failedReason: string, table: string, finishedOn: number) => ({
      ...{ failedReason, finishedOn },
      data: { table },
    });
    groups.add('orders', failed('no stock of 1', 'items', 5000));
    groups.add('orders', failed('order 1 is gone', 'orders', 2000));
    groups.add('orders', failed('order 2 is gone', 'orders', 1000));
    groups.add('mails', { failedReason: 'order 3 is gone', data: 'no change' });
    expect(
      groups.report(false).groups.map(({ queue, table, reason, count }) => [queue, table, reason, count]),
    ).toEqual([
      ['orders', 'orders', 'order <n> is gone', 2],
      ['orders', 'items', 'no stock of <n>', 1],
      ['mails', null, 'order <n> is gone', 1],
    ]);
    expect(groups.report(false).groups[0]).toMatchObject({
      firstFailedAt: '1970-01-01T00:00:01.000Z',
      lastFailedAt: '1970-01-01T00:00:02.000Z',
    });
  });

  it('have a name that tells nothing, and one each', () => {
    const ids = ['order 1 is gone', 'order 2 is gone', 'no stock'].map(failedReason =>
      kindId(kindOf('orders', { failedReason, data: null })),
    );
    expect(ids[0]).toBe(ids[1]);
    expect(ids[0]).not.toBe(ids[2]);
    expect(ids.join()).not.toContain('stock');
  });
});

describe('what a person is asked', () => {
  const extent = { queue: 'orders', failed: 3, parked: 12, isLeast: false, folder: '/kept' };
  it('says how many, and what follows', () => {
    expect(confirmationOf('replay', extent)).toEqual({
      title: 'Replay 3 failed changes of queue orders?',
      text:
        'They run again, with all attempts anew. ' +
        'The 12 parked behind follow in order, each once the one before has completed.',
    });
    expect(confirmationOf('discard', { ...extent, failed: 1, parked: 0 })).toEqual({
      title: 'Discard 1 failed change of queue orders?',
      text: 'It is written to a file in /kept and removed: no worker will see it again. Nothing is parked behind.',
    });
    expect(confirmationOf('discard', { ...extent, isLeast: true }).text).toContain('The at least 12 parked');
  });

  it('is answered with what was done', () => {
    expect(outcomeOf({ replayed: 2, gone: 1 })).toBe(
      '2 changes replayed. 1 had been retried or removed meanwhile.',
    );
    expect(outcomeOf({ discarded: 1, gone: 0, file: '/kept/x.jsonl' })).toBe(
      '1 change discarded, kept in /kept/x.jsonl.',
    );
  });
});
