import { createHash } from 'node:crypto';
import {
  type Change,
  type ColumnShape,
  type EncodedChange,
  type Operation,
  qualifiedName,
  WalmqError,
} from '@walmq/change';
import type { Tuple } from '../protocol/tuple.js';
import type { Column, Table } from '../tables/table.js';
import { JsonCounter, type JsonSink, JsonTooLarge, MOST_JSON_BYTES, NotUtf8 } from '../values/json-writer.js';
import type { Transaction } from './transaction.js';

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
/** An ordering key is kept in Redis while changes wait: a longer value is known there by its digest. */
const LONGEST_IN_KEY = 1 << 16;
/** Bytes up to which rows are written out to tell how many they take. */
const WRITTEN_TO_BE_MEASURED = 4 * 1024 * 1024;
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

  get doubt(): string | undefined {
    return this.op === 'truncate' ? undefined : this.of.doubt;
  }

  get followsUnkeyed(): boolean {
    return this.of.followsUnkeyed;
  }

  get keyText(): string | null {
    const row = this.#row;
    if (!row || !this.#hasKey(row)) return null;
    return this.of.keyColumns.map(index => this.#orderingText(row, index)).join(',');
  }

  get formerKeyText(): string | null {
    const row = this.#row;
    if (!row || !this.#hasKey(row)) return null;
    return this.of.keyColumns.map(index => this.#valueText(row, index)).join(',');
  }

  /** False also when a column of the key was not sent: a part of a key is no key. */
  #hasKey(row: Tuple): boolean {
    const { keyColumns } = this.of;
    return keyColumns.length > 0 && !keyColumns.some(index => row.isUnchanged(index));
  }

  get json(): string {
    const { relation } = this.of;
    const before = this.#before ? this.#rowJson(this.#before.tuple, MOST_JSON_BYTES) : 'null';
    const after = this.#after ? this.#rowJson(this.#after, MOST_JSON_BYTES - before.length) : 'null';
    return (
      `{"id":"${this.id}","op":"${this.op}","schema":${JSON.stringify(relation.schema)},` +
      `"table":${JSON.stringify(relation.table)},"key":${this.#keyJson()},"before":${before},"after":${after}` +
      `${this.#differencesJson()}${this.#jsonNullsJson()},"tx":${this.#tx}}`
    );
  }

  valuesOf(column: string): readonly string[] {
    return this.#textsOf(column, (tuple, index) => this.#valueText(tuple, index));
  }

  orderingTextsOf(column: string): readonly string[] {
    return this.#textsOf(column, (tuple, index) => this.#orderingText(tuple, index));
  }

  #textsOf(column: string, textOf: (tuple: Tuple, index: number) => string): readonly string[] {
    const index = this.of.indexOf.get(column);
    if (index === undefined) return [];
    const known = [this.#before?.tuple, this.#after].filter(
      (tuple): tuple is Tuple => tuple !== undefined && tuple !== null && !tuple.isUnchanged(index),
    );
    return [...new Set(known.map(tuple => textOf(tuple, index)))];
  }

  bytesBeyond(limit: number, column: (name: string) => ColumnShape): number | undefined {
    const shapes = this.of.columns.map(({ name }) => column(name));
    const tuples = [this.#before?.tuple, this.#after].filter(tuple => tuple !== undefined && tuple !== null);
    const sent = tuples.reduce((sum, tuple) => sum + sentBytes(tuple, shapes), 0);
    // A bytea's base64 is two thirds of its digits; all else takes as many bytes or more.
    if (sent / 2 <= Math.max(limit, WRITTEN_TO_BE_MEASURED)) return undefined;
    const counted = tuples.map(tuple => {
      const json = new JsonCounter();
      this.#writeShaped(json, tuple, [...shapes.keys()], shapes);
      return json.length;
    });
    return counted.reduce((sum, bytes) => sum + bytes, (2 - counted.length) * NULL.length);
  }

  get rows(): { readonly before: string | null; readonly after: string | null } {
    return {
      before: this.#before?.whole ? this.#rowJson(this.#before.tuple, MOST_JSON_BYTES) : null,
      after: this.#after && this.#rowJson(this.#after, MOST_JSON_BYTES),
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
    const shaped = (tuple: Tuple | null, most = MOST_JSON_BYTES) =>
      tuple ? this.#shapedJson(tuple, all, shapes, most) : 'null';
    const row = this.#row;
    const keyJson = () =>
      row && this.#hasKey(row) ? this.#shapedJson(row, keyColumns, keyShapes, MOST_JSON_BYTES) : 'null';
    // What is said instead is not written: it may be what cannot be.
    const before = members.before ?? shaped(this.#before?.tuple ?? null);
    const kept = new Set(columns.filter((_, index) => shapes[index] !== 'omit').map(({ name }) => name));
    const parts: Record<string, string> = {
      id: JSON.stringify(this.id),
      op: JSON.stringify(this.op),
      schema: JSON.stringify(relation.schema),
      table: JSON.stringify(relation.table),
      key: members.key ?? keyJson(),
      before,
      after: members.after ?? shaped(this.#after, MOST_JSON_BYTES - before.length),
    };
    const { changed, unchanged } = this.#differences();
    if (changed) parts.changed = JSON.stringify(changed.filter(name => kept.has(name)));
    const left = unchanged.filter(name => kept.has(name));
    if (left.length > 0) parts.unchanged = JSON.stringify(left);
    const jsonNulls = this.#jsonNulls(index => shapes[index] === 'keep');
    if (jsonNulls) parts.jsonNulls = JSON.stringify(jsonNulls);
    const json = Object.entries({ ...parts, ...members }).map(([name, value]) => `"${name}":${value}`);
    // Last: it carries the transaction's context with it.
    return `{${json.join(',')},"tx":${this.#tx}}`;
  }

  #shapedJson(
    tuple: Tuple,
    indexes: readonly number[],
    shapes: readonly ColumnShape[],
    most: number,
  ): string {
    const { json } = this.of;
    json.limit(most);
    try {
      this.#writeShaped(json, tuple, indexes, shapes);
      return json.take();
    } catch (cause) {
      json.discard();
      throw this.#unwritable(cause);
    }
  }

  #writeShaped(
    json: JsonSink,
    tuple: Tuple,
    indexes: readonly number[],
    shapes: readonly ColumnShape[],
  ): void {
    json.byte(OPEN);
    let first = true;
    for (const index of indexes) {
      const shape = shapes[index] as ColumnShape;
      if (shape === 'omit' || index >= tuple.length || tuple.isUnchanged(index)) continue;
      if (!first) json.byte(COMMA);
      const column = this.of.columns[index] as Column;
      json.raw(column.jsonNameBytes);
      if (shape === 'keep') this.#writeValue(json, column, tuple, index);
      else json.text(shape(this.#valueJson(tuple, index)));
      first = false;
    }
    json.byte(CLOSE);
  }

  get #row(): Tuple | null {
    return this.#after ?? this.#before?.tuple ?? null;
  }

  #keyJson(): string {
    const row = this.#row;
    const { columns, keyColumns } = this.of;
    if (!row || !this.#hasKey(row)) return 'null';
    return `{${keyColumns.map(index => columns[index]?.jsonName + this.#valueJson(row, index)).join(',')}}`;
  }

  /** The hot path: from PostgreSQL's bytes to the row's text in one go. */
  #rowJson(tuple: Tuple, most: number): string {
    const { columns, json } = this.of;
    json.limit(most);
    try {
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
    } catch (cause) {
      json.discard();
      throw this.#unwritable(cause);
    }
  }

  #writeValue(json: JsonSink, column: Column, tuple: Tuple, index: number): void {
    const start = tuple.start(index);
    try {
      if (start < 0) json.raw(NULL);
      else column.type.write(json, tuple.bytes, start, tuple.end(index));
    } catch (cause) {
      throw this.#unwritable(cause, column);
    }
  }

  /** Throws CHANGE_TOO_LARGE, VALUE_UNREADABLE. */
  #valueJson(tuple: Tuple, index: number): string {
    return this.#read(tuple, index, ({ type }, text) => type.toJson(text));
  }

  /** As #valueJson, for what stands for a value and is never shown: one that cannot be read is known by its bytes. */
  #valueText(tuple: Tuple, index: number): string {
    return this.#orDigest(tuple, index, ({ type }, text) => type.toJson(text));
  }

  #orderingText(tuple: Tuple, index: number): string {
    return this.#orDigest(tuple, index, ({ type }, text) => JSON.stringify(type.ordering(text)));
  }

  #orDigest(tuple: Tuple, index: number, read: (column: Column, text: string) => string): string {
    const isLong = tuple.start(index) >= 0 && tuple.end(index) - tuple.start(index) > LONGEST_IN_KEY;
    if (isLong) return this.#digest(tuple, index);
    try {
      return this.#read(tuple, index, read);
    } catch {
      return this.#digest(tuple, index);
    }
  }

  #digest(tuple: Tuple, index: number): string {
    const bytes = tuple.bytes.subarray(tuple.start(index), tuple.end(index));
    return JSON.stringify(`sha256:${createHash('sha256').update(bytes).digest('base64url')}`);
  }

  #read(tuple: Tuple, index: number, read: (column: Column, text: string) => string): string {
    const start = tuple.start(index);
    if (start === undefined || start < 0) return 'null';
    const column = this.of.columns[index] as Column;
    try {
      const bytes = tuple.end(index) - start;
      if (bytes > MOST_JSON_BYTES) throw new JsonTooLarge(`it has ${bytes} bytes`);
      this.of.json.check(tuple.bytes, start, tuple.end(index));
      return read(column, tuple.value(index) as string);
    } catch (cause) {
      throw this.#unwritable(cause, column);
    }
  }

  /** The message is what a person reads of the change in its queue. */
  #unwritable(cause: unknown, column?: Column): WalmqError {
    if (cause instanceof WalmqError) return cause;
    const { schema, table } = this.of.relation;
    const where = `${qualifiedName({ schema, table })}${column ? `.${column.name}` : ''}`;
    const mebibytes = MOST_JSON_BYTES / 1024 / 1024;
    if (cause instanceof JsonTooLarge)
      return new WalmqError(
        'CHANGE_TOO_LARGE',
        `the change takes more than ${mebibytes} MiB as JSON, at ${where}`,
        { cause },
      );
    const what = cause instanceof NotUtf8 ? 'holds bytes that are not UTF-8' : 'cannot be read';
    return new WalmqError('VALUE_UNREADABLE', `${where} ${what}`, { cause });
  }

  #jsonNullsJson(): string {
    if (this.of.jsonColumns.length === 0) return '';
    const jsonNulls = this.#jsonNulls(() => true);
    return jsonNulls ? `,"jsonNulls":${JSON.stringify(jsonNulls)}` : '';
  }

  /** Where the rows hold JSON's null, which is written as SQL's NULL is. Undefined when nowhere. */
  #jsonNulls(isShown: (index: number) => boolean): Change['jsonNulls'] {
    const of = (tuple: Tuple | undefined | null) => (tuple ? this.#jsonNullsOf(tuple, isShown) : []);
    const before = of(this.#before?.tuple);
    const after = of(this.#after);
    if (before.length === 0 && after.length === 0) return undefined;
    return { ...(before.length > 0 ? { before } : {}), ...(after.length > 0 ? { after } : {}) };
  }

  #jsonNullsOf(tuple: Tuple, isShown: (index: number) => boolean): string[] {
    const { columns, jsonColumns } = this.of;
    return jsonColumns.flatMap(index => {
      const start = tuple.start(index);
      const { name, type } = columns[index] as Column;
      if (start < 0 || !type.jsonNulls?.mayBeIn(tuple.bytes, start) || !isShown(index)) return [];
      return type.jsonNulls.find(tuple.value(index) as string).map(path => name + path);
    });
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

/** What PostgreSQL sent of the columns that are kept as they are. */
function sentBytes(tuple: Tuple, shapes: readonly ColumnShape[]): number {
  let bytes = 0;
  for (const [index, shape] of shapes.entries())
    if (shape === 'keep' && tuple.start(index) >= 0) bytes += tuple.end(index) - tuple.start(index);
  return bytes;
}
