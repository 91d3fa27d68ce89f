import {
  type ColumnShape,
  type EncodedChange,
  formatLsn,
  type Lsn,
  lsnToHex,
  type Operation,
  positionText,
  WalmqError,
} from '@walmq/change';
import type { TransactionContext } from './context.js';
import type { JsonWriter } from './json-writer.js';
import type { OldTuple, RowMessage } from './messages.js';
import type { Column, Table } from './table.js';
import { type Tuple, type TupleValue, UNCHANGED } from './tuple.js';

/** The transaction the stream is in; counts its changes. */
export class Transaction {
  readonly commitLsn: Lsn;
  /** ISO 8601, to the microsecond. */
  readonly committedAt: string;
  readonly #hex: string;
  readonly #head: string;
  #seq = 0;

  constructor(begin: { commitLsn: Lsn; committedAt: string; xid: number }) {
    this.commitLsn = begin.commitLsn;
    this.committedAt = begin.committedAt;
    this.#hex = lsnToHex(begin.commitLsn);
    this.#head = `{"xid":${begin.xid},"lsn":"${formatLsn(begin.commitLsn)}","committedAt":"${begin.committedAt}","seq":`;
  }

  /** What the transaction has said of itself so far: the changes to come carry it. */
  context: TransactionContext | undefined;

  /** Number of the change last taken. */
  get seq(): number {
    return this.#seq;
  }

  /** Leaves a number out. */
  skip(): void {
    this.#seq += 1;
  }

  /** Gives the next change its number; `json` is its `tx`, and its `context` where there is one. */
  next(): { id: string; json: string } {
    this.#seq += 1;
    const context = this.context ? `,"context":${this.context.json}` : '';
    return { id: positionText(this.#hex, this.#seq), json: `${this.#head}${this.#seq}}${context}` };
  }
}

/**
 * One row message as changes: usually one; two (delete, insert) when an update moves the row to another key, so
 * that each key's history stays in its own order; one per table for a truncate.
 */
export function encodeChanges(
  message: RowMessage,
  tables: readonly Table[],
  transaction: Transaction,
): EncodedChange[] {
  if (message.tag === 'truncate')
    return tables.map(table => new RowChange('truncate', table, null, null, transaction));
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
  // With the whole row, the catalog of today says what the key is. Numbers must follow from the stream alone, or a
  // capture that reads it again after the key was altered would take a change for one it has enqueued: so such an
  // update takes two numbers whether or not it moves the key.
  if (before?.whole) transaction.skip();
  return [update];
}

/** A row that was read from its table, as a change of the transaction in which it was read. */
export function encodeRead(tuple: Tuple, table: Table, transaction: Transaction): EncodedChange {
  return new RowChange('read', table, null, tuple, transaction);
}

interface OldRow {
  readonly tuple: Tuple;
  /** False when only the key's columns were sent. */
  readonly whole: boolean;
}

function oldRow({ kind, tuple }: OldTuple, table: Table): OldRow {
  if (kind === 'full') return { tuple, whole: true };
  // The columns beside the key come as null, which they may not have been: not sent is what they are.
  return { tuple: tuple.only(table.keyColumns), whole: false };
}

function movesKey(table: Table, before: Tuple, after: Tuple): boolean {
  return table.keyColumns.some(index => !after.equals(before, index) && !after.isUnchanged(index));
}

const OPEN = 0x7b;
const CLOSE = 0x7d;
const COMMA = 0x2c;
const NULL = Buffer.from('null');
const NO_DIFFERENCES = { changed: undefined, unchanged: [] } as const;

class RowChange implements EncodedChange {
  readonly id: string;
  readonly op: Operation;
  readonly #table: Table;
  readonly #before: OldRow | null;
  readonly #after: Tuple | null;
  readonly #tx: string;

  constructor(
    op: Operation,
    table: Table,
    before: OldRow | null,
    after: Tuple | null,
    transaction: Transaction,
  ) {
    const { id, json } = transaction.next();
    this.id = id;
    this.op = op;
    this.#table = table;
    this.#before = before;
    this.#after = after;
    this.#tx = json;
  }

  get schema(): string {
    return this.#table.relation.schema;
  }

  get table(): string {
    return this.#table.relation.table;
  }

  get keyText(): string | null {
    const row = this.#row;
    if (!row || this.#table.keyColumns.length === 0) return null;
    return this.#table.keyColumns.map(index => this.#valueJson(index, row.value(index))).join(',');
  }

  get json(): string {
    const { relation } = this.#table;
    return (
      `{"id":"${this.id}","op":"${this.op}","schema":${JSON.stringify(relation.schema)},` +
      `"table":${JSON.stringify(relation.table)},"key":${this.#keyJson()},` +
      `"before":${this.#before ? this.#rowJson(this.#before.tuple) : 'null'},` +
      `"after":${this.#after ? this.#rowJson(this.#after) : 'null'}` +
      `${this.#differencesJson()},"tx":${this.#tx}}`
    );
  }

  valuesOf(column: string): readonly string[] {
    const index = this.#table.indexOf.get(column);
    if (index === undefined) return [];
    const values = [this.#before?.tuple.value(index), this.#after?.value(index)].filter(
      (value): value is string | null => value !== undefined && value !== UNCHANGED,
    );
    return [...new Set(values.map(value => this.#valueJson(index, value)))];
  }

  get rows(): { readonly before: string | null; readonly after: string | null } {
    return {
      before: this.#before?.whole ? this.#rowJson(this.#before.tuple) : null,
      after: this.#after && this.#rowJson(this.#after),
    };
  }

  jsonShaped(
    column: (name: string, inKey: boolean) => ColumnShape,
    members: Readonly<Record<string, string>>,
  ): string {
    const { relation, columns, keyColumns } = this.#table;
    const shapes = columns.map(({ name }) => column(name, false));
    const keyShapes = columns.map(({ name }) => column(name, true));
    const all = [...columns.keys()];
    const shaped = (tuple: Tuple | null) => (tuple ? this.#shapedJson(tuple, all, shapes) : 'null');
    const row = this.#row;
    const kept = new Set(columns.filter((_, index) => shapes[index] !== 'omit').map(({ name }) => name));
    const parts: Record<string, string> = {
      id: JSON.stringify(this.id),
      op: JSON.stringify(this.op),
      schema: JSON.stringify(relation.schema),
      table: JSON.stringify(relation.table),
      key: row && keyColumns.length > 0 ? this.#shapedJson(row, keyColumns, keyShapes) : 'null',
      before: shaped(this.#before?.tuple ?? null),
      after: shaped(this.#after),
    };
    const { changed, unchanged } = this.#differences();
    if (changed) parts.changed = JSON.stringify(changed.filter(name => kept.has(name)));
    const left = unchanged.filter(name => kept.has(name));
    if (left.length > 0) parts.unchanged = JSON.stringify(left);
    const json = Object.entries({ ...parts, ...members }).map(([name, value]) => `"${name}":${value}`);
    // Last: it carries the transaction's context with it.
    return `{${json.join(',')},"tx":${this.#tx}}`;
  }

  #shapedJson(tuple: Tuple, indexes: readonly number[], shapes: readonly ColumnShape[]): string {
    const values = indexes.flatMap(index => {
      const shape = shapes[index] as ColumnShape;
      const value = tuple.value(index);
      if (shape === 'omit' || value === UNCHANGED) return [];
      const json = this.#valueJson(index, value);
      return [`${this.#table.columns[index]?.jsonName}${shape === 'keep' ? json : shape(json)}`];
    });
    return `{${values.join(',')}}`;
  }

  get #row(): Tuple | null {
    return this.#after ?? this.#before?.tuple ?? null;
  }

  #keyJson(): string {
    const row = this.#row;
    const { keyColumns } = this.#table;
    return row && keyColumns.length > 0 ? this.#columnsJson(row, keyColumns) : 'null';
  }

  /** The hot path: from PostgreSQL's bytes to the row's text in one go. */
  #rowJson(tuple: Tuple): string {
    const { columns, json } = this.#table;
    json.byte(OPEN);
    let first = true;
    for (let i = 0; i < columns.length && i < tuple.length; i++) {
      if (tuple.isUnchanged(i)) continue;
      if (!first) json.byte(COMMA);
      const column = columns[i] as Column;
      json.raw(column.jsonNameBytes);
      this.#writeValue(json, column, tuple, i);
      first = false;
    }
    json.byte(CLOSE);
    return json.take();
  }

  #writeValue(json: JsonWriter, column: Column, tuple: Tuple, index: number): void {
    const start = tuple.start(index);
    try {
      if (start < 0) json.raw(NULL);
      else column.type.write(json, tuple.bytes, start, tuple.end(index));
    } catch (cause) {
      json.take();
      throw this.#unreadable(column, cause);
    }
  }

  #columnsJson(tuple: Tuple, indexes: readonly number[]): string {
    return `{${indexes.map(i => this.#table.columns[i]?.jsonName + this.#valueJson(i, tuple.value(i))).join(',')}}`;
  }

  #valueJson(index: number, value: TupleValue | undefined): string {
    if (value === null || value === undefined || value === UNCHANGED) return 'null';
    const column = this.#table.columns[index] as Column;
    try {
      return column.type.toJson(value);
    } catch (cause) {
      throw this.#unreadable(column, cause);
    }
  }

  #unreadable({ name }: Column, cause: unknown): WalmqError {
    const { schema, table } = this.#table.relation;
    return new WalmqError(
      'VALUE_UNREADABLE',
      `${schema}.${table}.${name} cannot be read in change ${this.id}.`,
      {
        remedy: 'Report it with the column type; nothing was acknowledged past it.',
        cause,
      },
    );
  }

  #differencesJson(): string {
    const { changed, unchanged } = this.#differences();
    return (
      (changed ? `,"changed":${JSON.stringify(changed)}` : '') +
      (unchanged.length > 0 ? `,"unchanged":${JSON.stringify(unchanged)}` : '')
    );
  }

  /** `changed` of an update whose old row is whole; `unchanged` where TOASTed values were not sent. */
  #differences(): { readonly changed: readonly string[] | undefined; readonly unchanged: readonly string[] } {
    const after = this.#after;
    if (!after) return NO_DIFFERENCES;
    const { columns } = this.#table;
    const before = this.op === 'update' ? this.#before?.tuple : undefined;
    const changed: string[] = [];
    const unchanged: string[] = [];
    for (let i = 0; i < columns.length; i++) {
      const name = columns[i]?.name as string;
      if (after.isUnchanged(i)) unchanged.push(name);
      else if (before && !after.equals(before, i)) changed.push(name);
    }
    return { changed: before && changed, unchanged };
  }
}
