import { parsePosition } from '@walmq/change';
import type { IdentityOnly, TableDescription } from '@walmq/row-types';
import { describe, expect, it } from 'vitest';
import { changesOf } from './changes-of.js';

interface LinesRow {
  order_id: number;
  line: number;
  note: string | null;
}
interface DocsRow {
  id: number;
  body: string;
}
interface Tables {
  'sales.lines': LinesRow;
  docs: IdentityOnly<DocsRow, 'id', 'body'>;
}
const described: TableDescription = { oldRow: 'whole', key: ['order_id', 'line'], columns: [] };
const row = { order_id: 1, line: 2, note: null };

describe('changes for tests', () => {
  it('are as capture enqueues them', () => {
    const { insert, update, remove, truncate, read } = changesOf<Tables>({ 'sales.lines': described });
    expect(insert('sales.lines', row)).toEqual({
      id: '0000000001500000-0000000001',
      op: 'insert',
      schema: 'sales',
      table: 'lines',
      key: { order_id: 1, line: 2 },
      before: null,
      after: row,
      tx: { xid: 1000, lsn: '0/1500000', committedAt: '2026-01-01T00:00:00.000000Z', seq: 1 },
    });
    expect(update('sales.lines', row, { ...row, note: 'x' })).toMatchObject({
      op: 'update',
      key: { order_id: 1, line: 2 },
      changed: ['note'],
    });
    expect(remove('sales.lines', row)).toMatchObject({ op: 'delete', before: row, after: null });
    expect(read('sales.lines', row)).toMatchObject({ op: 'read', after: row });
    expect(truncate('sales.lines')).toMatchObject({ op: 'truncate', key: null, before: null, after: null });
  });

  it('increase, and are the same for each set of builders', () => {
    const three = () => {
      const { insert } = changesOf();
      return [1, 2, 3].map(id => insert('orders', { id }));
    };
    const changes = three();
    expect(three()).toEqual(changes);
    const ids = changes.map(({ id }) => id);
    expect(ids.toSorted()).toEqual(ids);
    expect(new Set(ids).size).toBe(3);
    for (const field of ['xid', 'committedAt'] as const) {
      const values = changes.map(({ tx }) => tx[field]);
      expect(values.toSorted()).toEqual(values);
    }
  });

  it('take other fields, and can share a transaction', () => {
    const { insert, update } = changesOf<Tables>();
    const first = insert('sales.lines', row, { context: { actor: 'ada' } });
    expect(first).toMatchObject({ key: null, context: { actor: 'ada' } });
    const second = insert('sales.lines', row, { tx: { ...first.tx, seq: 2 } });
    expect(second.tx).toEqual({ ...first.tx, seq: 2 });
    expect(parsePosition(second.id)).toEqual({ ...parsePosition(first.id), seq: 2 });
    // Without REPLICA IDENTITY FULL there is no old row, and a column may be missing.
    const unchanged = update('docs', null, { id: 1 }, { unchanged: ['body'] });
    expect(unchanged).toMatchObject({ key: { id: 1 }, before: null, unchanged: ['body'] });
    expect(unchanged).not.toHaveProperty('changed');
  });

  it('have the types of their tables', () => {
    const { insert, update, remove } = changesOf<Tables>();
    // @ts-expect-error A column is missing.
    insert('sales.lines', { order_id: 1, line: 2 });
    // @ts-expect-error There is no such table.
    insert('lines', row);
    // @ts-expect-error Such a table has no old row.
    update('docs', { id: 1, body: '' }, { id: 1 });
    // @ts-expect-error The old row of such a table is its key.
    remove('docs', { id: 1, body: '' });
  });
});
