import type { Operation } from '@walmq/change';
import { type RowChange, Snapshot, type Table, Tuple } from '@walmq/replication';
import { describe, expect, it } from 'vitest';
import { BackfillWindow, type PassedChunk } from './window.js';

const QUEUE = 1;
const token = 'chunk';
const table = {
  relation: { schema: 'public', table: 'things' },
  keyColumns: [0],
  columns: [{ jsonName: '"id":' }],
} as unknown as Table;
const change = (id: number, op: Operation = 'update', of = table) =>
  ({ op, keyText: String(id), of, schema: of.relation.schema, table: of.relation.table }) as RowChange;
const job = { queue: QUEUE, id: '', name: '', data: '', orderingKeys: [] };
/** Sees everything below transaction 100, but for 42. */
const snapshot = new Snapshot('42:100:42');

/** A chunk of rows 1 to 3, and what the stream brings before its low watermark, and between the two. */
function passed(
  between: (window: BackfillWindow) => void,
  before: (window: BackfillWindow) => void = () => undefined,
) {
  const window = new BackfillWindow();
  before(window);
  window.expect({ token, table, queue: QUEUE });
  window.passed({ mark: 'low', token });
  window.fill({ tuples: [1, 2, 3].map(id => Tuple.of([String(id)])), snapshot });
  between(window);
  return window.passed({ mark: 'high', token }) as PassedChunk;
}

const news = (chunk: PassedChunk) =>
  'again' in chunk ? chunk.again : [1, 2, 3].filter(id => chunk.isCurrent(change(id, 'read')));

describe('rows of a chunk, when its high watermark comes', () => {
  it('are all news where the stream brought nothing', () => {
    expect(news(passed(() => undefined))).toEqual([1, 2, 3]);
  });

  it('are not where the stream brought a change of the row that the queue took, or the row is gone', () => {
    expect(
      news(
        passed(window => {
          window.changed(change(1), [job]);
          window.changed(change(2), [{ ...job, queue: 0 }]);
          window.changed(change(3, 'delete'), []);
        }),
      ),
    ).toEqual([2]);
  });

  it('mind no other table, and nothing before the low watermark', () => {
    const other = { ...table, relation: { ...table.relation, table: 'others' } } as Table;
    const chunk = passed(
      window => window.changed(change(1, 'update', other), [job]),
      window => window.changed(change(2), [job]),
    );
    expect(news(chunk)).toEqual([1, 2, 3]);
  });

  it('are read again after a truncate, another key, or more changes than can be remembered', () => {
    expect(news(passed(window => window.changed(change(0, 'truncate'), [])))).toMatch(/truncated/);
    const rekeyed = { ...table, columns: [{ jsonName: '"number":' }] } as unknown as Table;
    expect(news(passed(window => window.changed(change(1, 'update', rekeyed), [job])))).toMatch(/altered/);
    const many = (window: BackfillWindow) => {
      for (let id = 10; id < 100_011; id++) window.changed(change(id), [job]);
    };
    expect(news(passed(many))).toMatch(/too many/);
  });

  it.each([
    ['in progress for the query', 42],
    ['newer than the query', 100],
  ])('are read again when the stream had a transaction before that was %s', (_what, xid) => {
    expect(
      news(
        passed(
          () => undefined,
          window => window.began(xid),
        ),
      ),
    ).toMatch(/did not see/);
    expect(news(passed(window => window.began(xid)))).toEqual([1, 2, 3]);
    expect(
      news(
        passed(
          () => undefined,
          window => window.began(41),
        ),
      ),
    ).toEqual([1, 2, 3]);
  });

  it('are nothing without a low watermark, and of chunks that nobody waits for', () => {
    const window = new BackfillWindow();
    expect(window.passed({ mark: 'high', token })).toBeUndefined();
    window.expect({ token, table, queue: QUEUE });
    expect(window.passed({ mark: 'low', token: 'another' })).toBeUndefined();
    expect(news(window.passed({ mark: 'high', token }) as PassedChunk)).toMatch(/low watermark/);
    expect(window.passed({ mark: 'high', token })).toBeUndefined();
  });
});

describe('a snapshot', () => {
  it('sees what was committed before it, over the turn of transaction ids too', () => {
    const young = new Snapshot('4294967290:4294967300:4294967295,4294967298');
    expect([4_294_967_289, 4_294_967_295, 2, 3, 4, 5].map(xid => young.sees(xid))).toEqual([
      true,
      false,
      false,
      true,
      false,
      false,
    ]);
    expect(() => new Snapshot('nonsense')).toThrow(RangeError);
  });
});
