import {
  type ColumnShape,
  type EncodedChange,
  type Operation,
  qualifiedName,
  WalmqError,
} from '@walmq/change';
import type { JsonWriter } from './json-writer.js';
import type { Column, Table } from './table.js';
import type { Transaction } from './transaction.js';
import { type Tuple, type TupleValue, UNCHANGED } from './tuple.js';

/** What is known of the row as it was. */
export interface OldRow {
  readonly tuple: Tuple;
  /** False when only the key's columns were sent. */
  readonly whole: boolean;
}

const OPEN = 0x7b;
const CLOSE = 0x7d;
const COMMA = 0x2c;
const NULL = Buffer.from('null');
const NO_DIFFERENCES = { changed: undefined, unchanged: [] } as const;

/** A change of a row, or of all rows of a table. */
export class RowChange implements EncodedChange {
  readonly id: string;
  readonly op: Operation;
  /** Its table, as it was described when the change was made. */
  readonly of: Table;
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
    this.of = table;
    this.#before = before;
    this.#after = after;
    this.#tx = json;
  }

  get schema(): string {
    return this.of.relation.schema;
  }

  get table(): string {
    return this.of.relation.table;
  }

  get keyText(): string | null {
    const row = this.#row;
    if (!row || !this.#hasKey(row)) return null;
    return this.of.keyColumns.map(index => this.#orderingText(index, row.value(index))).join(',');
  }

  get formerKeyText(): string | null {
    const row = this.#row;
    if (!row || !this.#hasKey(row)) return null;
    return this.of.keyColumns.map(index => this.#valueJson(index, row.value(index))).join(',');
  }

  /** False also when a column of the key was not sent: a part of a key is no key. */
  #hasKey(row: Tuple): boolean {
    const { keyColumns } = this.of;
    return keyColumns.length > 0 && !keyColumns.some(index => row.isUnchanged(index));
  }

  get json(): string {
    const { relation } = this.of;
    return (
      `{"id":"${this.id}","op":"${this.op}","schema":${JSON.stringify(relation.schema)},` +
      `"table":${JSON.stringify(relation.table)},"key":${this.#keyJson()},` +
      `"before":${this.#before ? this.#rowJson(this.#before.tuple) : 'null'},` +
      `"after":${this.#after ? this.#rowJson(this.#after) : 'null'}` +
      `${this.#differencesJson()},"tx":${this.#tx}}`
    );
  }

  valuesOf(column: string): readonly string[] {
    return this.#textsOf(column, (index, value) => this.#valueJson(index, value));
  }

  orderingTextsOf(column: string): readonly string[] {
    return this.#textsOf(column, (index, value) => this.#orderingText(index, value));
  }

  #textsOf(column: string, textOf: (index: number, value: string | null) => string): readonly string[] {
    const index = this.of.indexOf.get(column);
    if (index === undefined) return [];
    const values = [this.#before?.tuple.value(index), this.#after?.value(index)].filter(
      (value): value is string | null => value !== undefined && value !== UNCHANGED,
    );
    return [...new Set(values.map(value => textOf(index, value)))];
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
    const { relation, columns, keyColumns } = this.of;
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
      key: row && this.#hasKey(row) ? this.#shapedJson(row, keyColumns, keyShapes) : 'null',
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
      return [`${this.of.columns[index]?.jsonName}${shape === 'keep' ? json : shape(json)}`];
    });
    return `{${values.join(',')}}`;
  }

  get #row(): Tuple | null {
    return this.#after ?? this.#before?.tuple ?? null;
  }

  #keyJson(): string {
    const row = this.#row;
    const { keyColumns } = this.of;
    return row && this.#hasKey(row) ? this.#columnsJson(row, keyColumns) : 'null';
  }

  /** The hot path: from PostgreSQL's bytes to the row's text in one go. */
  #rowJson(tuple: Tuple): string {
    const { columns, json } = this.of;
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
    return `{${indexes.map(i => this.of.columns[i]?.jsonName + this.#valueJson(i, tuple.value(i))).join(',')}}`;
  }

  #valueJson(index: number, value: TupleValue | undefined): string {
    if (value === null || value === undefined || value === UNCHANGED) return 'null';
    const column = this.of.columns[index] as Column;
    try {
      return column.type.toJson(value);
    } catch (cause) {
      throw this.#unreadable(column, cause);
    }
  }

  #orderingText(index: number, value: TupleValue | undefined): string {
    if (value === null || value === undefined || value === UNCHANGED) return 'null';
    const column = this.of.columns[index] as Column;
    try {
      return JSON.stringify(column.type.ordering(value));
    } catch (cause) {
      throw this.#unreadable(column, cause);
    }
  }

  #unreadable({ name }: Column, cause: unknown): WalmqError {
    const { schema, table } = this.of.relation;
    return new WalmqError(
      'VALUE_UNREADABLE',
      `${qualifiedName({ schema, table })}.${name} cannot be read in change ${this.id}.`,
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
    const { columns } = this.of;
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
