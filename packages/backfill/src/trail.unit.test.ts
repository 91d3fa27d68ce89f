import { formatPosition, toLsn } from '@walmq/change';
import { describe, expect, it } from 'vitest';
import { type BackfillPoint, heldBy, settle, type Trail, withPoint } from './trail.js';

const point = (lsn: number, rowsRead = lsn): BackfillPoint => ({
  at: formatPosition({ lsn: toLsn(BigInt(lsn)), seq: 7 }),
  key: [String(rowsRead)],
  rowsRead,
  rowsEnqueued: rowsRead,
});

describe('the trail of a backfill', () => {
  it('settles what PostgreSQL sends no more: not the transaction at whose commit the slot stands', () => {
    const trail = [point(10), point(20), point(30)];
    expect(settle(trail, toLsn(10n))).toEqual({ settled: undefined, trail });
    expect(settle(trail, toLsn(20n))).toEqual({ settled: trail[0], trail: trail.slice(1) });
    expect(settle(trail, toLsn(31n))).toEqual({ settled: trail[2], trail: [] });
    expect(settle([], toLsn(31n))).toEqual({ settled: undefined, trail: [] });
  });

  it('keeps of a Redis that was set back what its checkpoint covers', () => {
    const trail = [point(10), point(20)];
    expect(heldBy(trail, { lsn: toLsn(10n), seq: 6 })).toEqual([]);
    expect(heldBy(trail, { lsn: toLsn(10n), seq: 7 })).toEqual([trail[0]]);
    expect(heldBy(trail, { lsn: toLsn(20n), seq: 0 })).toEqual([trail[0]]);
    expect(heldBy(trail, { lsn: toLsn(21n), seq: 0 })).toEqual(trail);
  });

  it('has one point for a position: rows that were read after it and not enqueued need none of their own', () => {
    const later = { ...point(20), key: ['99'], rowsRead: 99 };
    expect(withPoint([point(10), point(20)], later)).toEqual([point(10), later]);
  });

  it('stays short and even, and always ends with the newest', () => {
    let trail: Trail = [];
    for (let chunk = 1; chunk <= 1000; chunk++) {
      trail = withPoint(trail, point(chunk));
      expect(trail.at(-1)).toEqual(point(chunk));
      expect(trail.length).toBeLessThanOrEqual(16);
    }
    const gaps = trail.map(({ rowsRead }, index) => rowsRead - (trail[index - 1]?.rowsRead ?? 0));
    expect(Math.max(...gaps)).toBeLessThan(1000 / 4);
  });
});
