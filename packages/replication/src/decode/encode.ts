import type { EncodedChange } from '@walmq/change';
import type { OldTuple, RowMessage } from '../protocol/messages.js';
import type { Tuple } from '../protocol/tuple.js';
import type { Table } from '../tables/table.js';
import { type OldRow, RowChange } from './row-change.js';
import type { Transaction } from './transaction.js';

/**
 * One row message as changes: usually one; two (delete, insert) when an update moves the row to another key, so
 * that each key's history stays in its own order; one per table for a truncate.
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
  // What is sent of the old row holds its TOASTed values too, so what the update did not touch is in there: with the
  // whole row all of it, with the key a key that is itself out of line.
  const after = before ? message.after.filledFrom(before.tuple) : message.after;
  if (before && movesKey(table, before.tuple, after))
    return [
      new RowChange('delete', table, before, null, transaction),
      new RowChange('insert', table, null, after, transaction),
    ];
  const update = new RowChange('update', table, before?.whole ? before : null, after, transaction);
  // Where the stream says "the whole row", the catalog of today says what the key is. Numbers must follow from the stream
  // alone, or a capture that reads it again after the key was altered would take a change for one it has enqueued: so such
  // an update takes two numbers whether or not it moves the key.
  if (message.before && message.before.kind !== 'key') transaction.skip();
  return [update];
}

/**
 * A truncate of a table lists the tables that inherit from it too. Under its name each would say that all of it is empty:
 * the table's own says so once, and that of a child alone says too much. It takes a number all the same, since the catalog,
 * which says that it is a child, may say something else when the stream is read again.
 */
function truncates(tables: readonly Table[], transaction: Transaction): RowChange[] {
  return tables.flatMap(table => {
    if (!table.isChild) return [new RowChange('truncate', table, null, null, transaction)];
    transaction.skip();
    return [];
  });
}

/** A row that was read from its table, as a change of the transaction in which it was read. */
export function encodeRead(tuple: Tuple, table: Table, transaction: Transaction): EncodedChange {
  return new RowChange('read', table, null, tuple, transaction);
}

function oldRow({ kind, tuple }: OldTuple, table: Table): OldRow {
  if (kind === 'full') return { tuple, whole: true };
  // What was not sent comes as null, which it may not have been: not sent is what it is. A replica identity holds no nulls.
  const sent = kind === 'key' ? table.keyColumns : [...table.columns.keys()];
  return { tuple: tuple.only(sent), whole: false };
}

function movesKey(table: Table, before: Tuple, after: Tuple): boolean {
  return table.keyColumns.some(
    index => !after.equals(before, index) && !after.isUnchanged(index) && !before.isUnchanged(index),
  );
}
