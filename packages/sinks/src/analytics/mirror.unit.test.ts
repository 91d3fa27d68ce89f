import type { Change, Row } from '@walmq/change';
import { describe, expect, it } from 'vitest';
import { mirror } from './mirror.js';

const project = mirror({ into: 'facts.orders', key: ['id'], columns: ['status', 'notes'] });
const ROW = { id: 1, status: 'new', notes: null, email: 'a@example.com' };

function change(op: Change['op'], rows: { before?: Row; after?: Row; unchanged?: string[] }): Change {
  const tx = { xid: 1, lsn: '0/10', committedAt: '2026-03-01T12:00:00Z', seq: 1 };
  const id = '0000000000000010-0000000001';
  return { id, op, schema: 'public', table: 'orders', key: null, before: null, after: null, tx, ...rows };
}

describe('mirror', () => {
  const kept = { table: 'facts.orders', key: { id: 1 }, values: { status: 'new', notes: null } };

  it.each([
    ['a new row', change('insert', { after: ROW }), kept],
    ['a row of a snapshot', change('read', { after: ROW }), kept],
    ['a changed row', change('update', { before: { ...ROW, status: 'old' }, after: ROW }), kept],
    ['a row that is gone', change('delete', { before: ROW }), { ...kept, values: null }],
    ['a truncate', change('truncate', {}), undefined],
    [
      'a long value that was not sent',
      change('update', {
        before: { ...ROW, notes: 'long' },
        after: { id: 1, status: 'paid' },
        unchanged: ['notes'],
      }),
      { ...kept, values: { status: 'paid', notes: 'long' } },
    ],
  ])('%s', (_, given, fact) => {
    expect(project(given)).toEqual(fact);
  });

  it('gives up where a column is not there, rather than to lose its value', () => {
    const unsent = change('update', {
      before: { id: 1 },
      after: { id: 1, status: 'paid' },
      unchanged: ['notes'],
    });
    expect(() => project(unsent)).toThrow(
      expect.objectContaining({
        code: 'HANDLER_GAVE_UP',
        message: 'there is no column notes in a change of orders.',
      }),
    );
  });
});
