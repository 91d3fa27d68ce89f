import { describe, expect, it } from 'vitest';
import { FailureGroups, kindId, kindOf } from './failures.js';

describe('groups', () => {
  it('are counted by queue, table and reason, the largest first', () => {
    const groups = new FailureGroups();
    const failed = (failedReason: string, table: string, finishedOn: number) => ({
      failedReason,
      finishedOn,
      data: { schema: 'public', table },
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

  it('tell tables of other schemas from those of public', () => {
    const tables = [
      { schema: 'public', table: 'orders' },
      { schema: 'sales', table: 'orders' },
      { table: 7 },
    ].map(data => kindOf('orders', { failedReason: '', data }).table);
    expect(tables).toEqual(['orders', 'sales.orders', null]);
  });

  it('say of changes on which workers stalled what that means, and what to do', () => {
    const failed = { failedReason: 'job stalled more than allowable limit', data: null };
    expect(kindOf('orders', failed).reason).toMatch(/^job stalled .*out of memory.* then retry\.$/);
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
