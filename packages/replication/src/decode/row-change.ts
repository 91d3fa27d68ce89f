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

/** The old row, as far as PostgreSQL sent it. */
export interface OldRow {
  readonly tuple: Tuple;
  /** False if PostgreSQL sent only the columns of the replica identity. */
  readonly whole: boolean;
}

const OPEN = 0x7b;
const CLOSE = 0x7d;
const COMMA = 0x2c;
const NULL = Buffer.from('null');
const ID = Buffer.from('{"id":"');
const BEFORE = Buffer.from(',"before":');
const AFTER = Buffer.from(',"after":');
/**
 * Maximum bytes of a value in an ordering key. Redis keeps ordering keys while changes wait, so a digest replaces a longer
 * value.
 */
const LONGEST_IN_KEY = 1 << 16;
/** Rows of up to this many bytes are written to measure them. Larger rows are counted without writing. */
const WRITTEN_TO_BE_MEASURED = 4 * 1024 * 1024;
const NO_DIFFERENCES = { changed: undefined, unchanged: [] } as const;

/** A change of a row, or of all rows of a table. */
export class RowChange implements EncodedChange {
  readonly id: string;
  readonly op: Operation;
  /** The table, as it was when the change was made. */
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
    const { keyColumns } = this.of;
    if (keyColumns.length === 1) return this.#orderingText(row, keyColumns[0] as number);
    return keyColumns.map(index => this.#orderingText(row, index)).join(',');
  }

  get formerKeyText(): string | null {
    const row = this.#row;
    if (!row || !this.#hasKey(row)) return null;
    return this.of.keyColumns.map(index => this.#valueText(row, index)).join(',');
  }

  /** False if the table has no key, or if PostgreSQL did not send a column of the key: a partial key identifies no row. */
  #hasKey(row: Tuple): boolean {
    const { keyColumns } = this.of;
    return keyColumns.length > 0 && !keyColumns.some(index => row.isUnchanged(index));
  }

  /**
   * Hot path: the whole change is written as bytes and becomes one string. Pieces of text would be several strings, which
   * live as long as the batch and which the garbage collector copies.
   */
  get json(): string {
    const { json, jsonHeads } = this.of;
    json.limit(MOST_JSON_BYTES);
    try {
      json.raw(ID);
      json.text(this.id);
      json.raw(jsonHeads[this.op]);
      this.#writeKey(json);
      json.raw(BEFORE);
      // The limit holds for the two rows together.
      json.limit(MOST_JSON_BYTES + AFTER.length);
      this.#writeRow(json, this.#before?.tuple ?? null);
      json.raw(AFTER);
      this.#writeRow(json, this.#after);
      json.limit(MOST_JSON_BYTES);
      json.text(`${this.#differencesJson()}${this.#jsonNullsJson()},"tx":${this.#tx}}`);
      return json.take();
    } catch (cause) {
      json.discard();
      throw this.#unwritable(cause);
    }
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
    // The base64 of a bytea takes two thirds of its hex digits. Every other value takes at least as many bytes as were
    // sent.
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
    const shaped = (tuple: Tuple | null, most = MOST_JSON_BYTES) =>
      tuple ? this.#shapedJson(tuple, all, shapes, most) : 'null';
    const row = this.#row;
    const keyJson = () =>
      row && this.#hasKey(row) ? this.#shapedJson(row, keyColumns, keyShapes, MOST_JSON_BYTES) : 'null';
    // A member that the caller replaces is not written: the original may be too large or unreadable.
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
    // Outside the entries, because `#tx` holds the value of `tx` and the member `context` behind it.
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

  #writeKey(json: JsonSink): void {
    const row = this.#row;
    const { columns, keyColumns } = this.of;
    if (!row || !this.#hasKey(row)) {
      json.raw(NULL);
      return;
    }
    json.byte(OPEN);
    for (let at = 0; at < keyColumns.length; at++) {
      const index = keyColumns[at] as number;
      const column = columns[index] as Column;
      if (at > 0) json.byte(COMMA);
      json.raw(column.jsonNameBytes);
      this.#writeValue(json, column, row, index);
    }
    json.byte(CLOSE);
  }

  /** Hot path: converts PostgreSQL's bytes to the JSON of the row in one pass. */
  #writeRow(json: JsonSink, tuple: Tuple | null): void {
    if (!tuple) {
      json.raw(NULL);
      return;
    }
    const { columns } = this.of;
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
  }

  #rowJson(tuple: Tuple): string {
    const { json } = this.of;
    json.limit(MOST_JSON_BYTES);
    try {
      this.#writeRow(json, tuple);
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

  /** Throws CHANGE_TOO_LARGE or VALUE_UNREADABLE. */
  #valueJson(tuple: Tuple, index: number): string {
    return this.#read(tuple, index, ({ type }, text) => type.toJson(text));
  }

  /**
   * Like #valueJson, for texts that identify a value and are never shown. A digest of the bytes replaces a long or
   * unreadable value.
   */
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

  /** People read this message in the queue, in place of the change. */
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

  /**
   * Paths of the JSON nulls in the rows, where the JSON shows SQL NULL and JSON null alike. Undefined if there are none.
   */
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

  /**
   * `changed`: names of the columns that differ, for an update with a whole old row. `unchanged`: names of the TOASTed
   * columns that PostgreSQL did not send.
   */
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

/** Bytes that PostgreSQL sent for the columns with the shape `keep`. */
function sentBytes(tuple: Tuple, shapes: readonly ColumnShape[]): number {
  let bytes = 0;
  for (const [index, shape] of shapes.entries())
    if (shape === 'keep' && tuple.start(index) >= 0) bytes += tuple.end(index) - tuple.start(index);
  return bytes;
}
