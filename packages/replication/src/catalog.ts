import type { ClientBase } from 'pg';
import { arrayType } from './array-type.js';
import type { Inheritance } from './inheritance.js';
import { JsonWriter } from './json-writer.js';
import { type Attribute, keyNames } from './key-names.js';
import type { Relation } from './messages.js';
import { foldedText } from './ordering-text.js';
import { describeTable, type Table } from './table.js';
import { isPlainScalar, orderedBy, scalarType, TEXT_TYPE, type ValueType } from './value.js';

interface TypeRow {
  oid: number;
  typtype: string;
  typbasetype: number;
  typelem: number;
  typdelim: string;
  isArray: boolean;
  isCitext: boolean;
}

interface StoredAttribute extends Attribute {
  /** Of a nondeterministic collation: texts that differ may be equal. */
  readonly isLoose: boolean;
}

const CITEXT_TYPE = orderedBy(foldedText);

/** Enough for any sane nesting of domains over arrays of domains. */
const MAX_DEPTH = 8;

/**
 * What the stream does not say of a table and only the database knows: its primary key under REPLICA IDENTITY
 * FULL, and what arrays, domains and other made types are made of. Asked once per relation the stream announces.
 */
export class Catalog {
  readonly #client: ClientBase;
  /** One for all tables: rows are written one at a time. */
  readonly #json: JsonWriter;
  readonly #types = new Map<number, ValueType>();
  readonly #tables = new WeakMap<Relation, Table>();
  /** By the table's oid, as last known: for a table that is gone before the last of its changes is read. */
  readonly #keys = new Map<number, readonly string[]>();
  readonly #inheritance: Inheritance;

  /** `checksText`: of a database that lets in bytes that are not UTF-8. */
  constructor(
    client: ClientBase,
    { inheritance, checksText = false }: { readonly inheritance: Inheritance; readonly checksText?: boolean },
  ) {
    this.#client = client;
    this.#inheritance = inheritance;
    this.#json = new JsonWriter({ checksText });
  }

  /** The table if it is already known: the hot path, without a promise. */
  known(relation: Relation): Table | undefined {
    return this.#tables.get(relation);
  }

  async describe(relation: Relation): Promise<Table> {
    for (const { typeOid } of relation.columns) await this.#resolveType(typeOid, 0);
    const attributes = await this.#attributes(relation.oid);
    const parent = await this.#inheritance.parentOf(relation);
    const own = this.#primaryKey(relation, attributes);
    const table = describeTable(relation, {
      types: this.#types,
      // A primary key is not inherited, but what names a row in its parent names it here.
      primaryKey: own.length > 0 || !parent ? own : await this.#parentsKey(relation, parent.oid),
      looselyCollated: new Set(attributes.filter(({ isLoose }) => isLoose).map(({ name }) => name)),
      parent,
      json: this.#json,
    });
    this.#tables.set(relation, table);
    return table;
  }

  async #attributes(oid: number): Promise<readonly StoredAttribute[]> {
    // VIRTUAL generated columns are never in the stream, INCLUDEd ones not in the key.
    const { rows } = await this.#client.query<StoredAttribute>(
      `SELECT a.attname AS name, a.attisdropped AS dropped, a.attgenerated <> '' AS generated,
              array_position(i.indkey[0:i.indnkeyatts - 1]::int2[], a.attnum) AS place,
              NOT coalesce(c.collisdeterministic, true) AS "isLoose"
         FROM pg_attribute a LEFT JOIN pg_index i ON i.indrelid = a.attrelid AND i.indisprimary
         LEFT JOIN pg_collation c ON c.oid = a.attcollation
        WHERE a.attrelid = $1 AND a.attnum > 0 AND a.attgenerated <> 'v' ORDER BY a.attnum`,
      [oid],
    );
    return rows;
  }

  async #parentsKey(relation: Relation, oid: number): Promise<readonly string[]> {
    return this.#primaryKey({ ...relation, oid }, await this.#attributes(oid));
  }

  /** None when it has none, or when neither today's table nor an earlier look at it tells. */
  #primaryKey({ oid, identity, columns }: Relation, attributes: readonly Attribute[]): readonly string[] {
    if (identity !== 'full') return [];
    const streamed = columns.map(({ name }) => name);
    const key = keyNames(streamed, attributes) ?? this.#keys.get(oid) ?? [];
    if (!key.every(name => streamed.includes(name))) return [];
    this.#keys.set(oid, key);
    return key;
  }

  async #resolveType(oid: number, depth: number): Promise<ValueType> {
    const known = this.#types.get(oid);
    if (known) return known;
    const type = isPlainScalar(oid) ? (scalarType(oid) ?? TEXT_TYPE) : await this.#madeType(oid, depth);
    this.#types.set(oid, type);
    return type;
  }

  /** A type that has been dropped since is read as text. */
  async #madeType(oid: number, depth: number): Promise<ValueType> {
    if (depth > MAX_DEPTH) return TEXT_TYPE;
    const { rows } = await this.#client.query<TypeRow>(
      `SELECT oid::int8::float8 AS oid, typtype, typbasetype::int8::float8 AS typbasetype,
              typelem::int8::float8 AS typelem, typdelim,
              typlen = -1 AND typelem <> 0 AND typsubscript = 'array_subscript_handler'::regproc
                AND oid NOT IN ('int2vector'::regtype, 'oidvector'::regtype) AS "isArray",
              typname = 'citext' AND typtype = 'b' AS "isCitext"
         FROM pg_type WHERE oid = $1`,
      [oid],
    );
    const type = rows[0];
    if (!type) return TEXT_TYPE;
    if (type.typtype === 'd') return await this.#resolveType(type.typbasetype, depth + 1);
    if (type.isCitext) return CITEXT_TYPE;
    if (!type.isArray) return scalarType(oid) ?? TEXT_TYPE;
    const { element, delimiter } = await this.#elementType(type.typelem, depth);
    return arrayType(element, delimiter);
  }

  async #elementType(oid: number, depth: number): Promise<{ element: ValueType; delimiter: string }> {
    const { rows } = await this.#client.query<{ typdelim: string }>(
      'SELECT typdelim FROM pg_type WHERE oid = $1',
      [oid],
    );
    const element = await this.#resolveType(oid, depth + 1);
    return { element, delimiter: rows[0]?.typdelim ?? ',' };
  }
}
