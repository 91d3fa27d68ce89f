import type { EncodedChange } from '@walmq/change';
import type { OldTuple, RowMessage } from '../protocol/messages.js';
import type { Tuple } from '../protocol/tuple.js';
import type { Table } from '../tables/table.js';
import { type OldRow, RowChange } from './row-change.js';
import type { Transaction } from './transaction.js';

/**
 * Encodes a row message as changes, usually as one. An update that moves the row to another key becomes two (delete,
 * insert), so that each key's history stays in its own order. A truncate becomes one change per table.
 */
export function encodeChanges(
  message: RowMessage,
  tables: readonly Table[],
  transaction: Transaction,
): RowChange[] {
  if (message.tag === 'truncate') return truncates(tables, transaction);
  const table = tables[0] as Table;
  if (message.tag === 'insert') return [new RowChange('insert', table, null, message.after, transaction)];
  const before = message.before && oldRow(message.before, table);
  if (message.tag === 'delete') return [new RowChange('delete', table, before, null, transaction)];
  // The old row includes its TOASTed values, so it supplies values that the new row lacks because the update did not touch
  // them: a whole old row supplies all of them, a key only TOASTed key columns.
  const after = before ? message.after.filledFrom(before.tuple) : message.after;
  if (before && movesKey(table, before.tuple, after))
    return [
      new RowChange('delete', table, before, null, transaction),
      new RowChange('insert', table, null, after, transaction),
    ];
  const update = new RowChange('update', table, before?.whole ? before : null, after, transaction);
  // If PostgreSQL sent the old row as the whole row, only the catalog defines the key. Numbers must follow from the
  // stream alone. Otherwise a capture that reads the stream again after the key was altered would mistake a change for
  // another that is already enqueued. So such an update takes two numbers, whether or not it moves the key.
  if (message.before && message.before.kind !== 'key') transaction.skip();
  return [update];
}

/**
 * A truncate of a table also lists its child tables. Changes of a child carry the parent's name, so the truncate of a
 * child would mean that the whole parent is empty. If the parent is truncated, its own change says this already. If only
 * the child is truncated, the statement is false. So the truncate of a child becomes no change. It still takes a number:
 * only the catalog knows that the table is a child, and the catalog may differ when the stream is read again.
 */
function truncates(tables: readonly Table[], transaction: Transaction): RowChange[] {
  return tables.flatMap(table => {
    if (!table.isChild) return [new RowChange('truncate', table, null, null, transaction)];
    transaction.skip();
    return [];
  });
}

/** Encodes a row that a query read from the table, as a `read` change numbered in the transaction. */
export function encodeRead(tuple: Tuple, table: Table, transaction: Transaction): EncodedChange {
  return new RowChange('read', table, null, tuple, transaction);
}

function oldRow({ kind, tuple }: OldTuple, table: Table): OldRow {
  if (kind === 'full') return { tuple, whole: true };
  // PostgreSQL writes null for a column outside the replica identity, whatever the value was. Such a column counts as not
  // sent. Columns of the replica identity are never null.
  const sent = kind === 'key' ? table.keyColumns : [...table.columns.keys()];
  return { tuple: tuple.only(sent), whole: false };
}

function movesKey(table: Table, before: Tuple, after: Tuple): boolean {
  return table.keyColumns.some(
    index => !after.equals(before, index) && !after.isUnchanged(index) && !before.isUnchanged(index),
  );
}
