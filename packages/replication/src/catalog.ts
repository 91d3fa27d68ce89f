import type { ClientBase } from 'pg';
import { arrayToJson } from './array.js';
import type { Relation } from './messages.js';
import { describeTable, type Table } from './table.js';
import { isPlainScalar, scalarToJson, type ToJson, textToJson } from './value.js';

interface TypeRow {
  oid: number;
  typtype: string;
  typbasetype: number;
  typelem: number;
  typdelim: string;
  isArray: boolean;
}

/** Enough for any sane nesting of domains over arrays of domains. */
const MAX_DEPTH = 8;

/**
 * What the stream does not say of a table and only the database knows: its primary key under REPLICA IDENTITY
 * FULL, and what arrays, domains and other made types are made of. Asked once per relation the stream announces.
 */
export class Catalog {
  readonly #client: ClientBase;
  readonly #types = new Map<number, ToJson>();
  readonly #tables = new WeakMap<Relation, Table>();

  constructor(client: ClientBase) {
    this.#client = client;
  }

  /** The table if it is already known: the hot path, without a promise. */
  known(relation: Relation): Table | undefined {
    return this.#tables.get(relation);
  }

  async describe(relation: Relation): Promise<Table> {
    for (const { typeOid } of relation.columns) await this.#resolveType(typeOid, 0);
    const table = describeTable(relation, this.#types, await this.#primaryKey(relation));
    this.#tables.set(relation, table);
    return table;
  }

  /** Names of the primary key's columns today, in its order; none when it has none or the table is gone. */
  async #primaryKey(relation: Relation): Promise<string[]> {
    if (relation.identity !== 'full') return [];
    const { rows } = await this.#client.query<{ attname: string }>(
      `SELECT a.attname FROM pg_index i
         CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS k(attnum, place)
         JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
        WHERE i.indrelid = $1 AND i.indisprimary ORDER BY k.place`,
      [relation.oid],
    );
    return rows.map(row => row.attname);
  }

  async #resolveType(oid: number, depth: number): Promise<ToJson> {
    const known = this.#types.get(oid);
    if (known) return known;
    const toJson = isPlainScalar(oid) ? (scalarToJson(oid) ?? textToJson) : await this.#madeType(oid, depth);
    this.#types.set(oid, toJson);
    return toJson;
  }

  /** A type that has been dropped since is read as text. */
  async #madeType(oid: number, depth: number): Promise<ToJson> {
    if (depth > MAX_DEPTH) return textToJson;
    const { rows } = await this.#client.query<TypeRow>(
      `SELECT oid::int8::float8 AS oid, typtype, typbasetype::int8::float8 AS typbasetype,
              typelem::int8::float8 AS typelem, typdelim,
              typlen = -1 AND typelem <> 0 AND typsubscript = 'array_subscript_handler'::regproc AS "isArray"
         FROM pg_type WHERE oid = $1`,
      [oid],
    );
    const type = rows[0];
    if (!type) return textToJson;
    if (type.typtype === 'd') return await this.#resolveType(type.typbasetype, depth + 1);
    if (!type.isArray) return scalarToJson(oid) ?? textToJson;
    const element = await this.#elementType(type.typelem, depth);
    return arrayToJson(element.toJson, element.delimiter);
  }

  async #elementType(oid: number, depth: number): Promise<{ toJson: ToJson; delimiter: string }> {
    const { rows } = await this.#client.query<{ typdelim: string }>(
      'SELECT typdelim FROM pg_type WHERE oid = $1',
      [oid],
    );
    return { toJson: await this.#resolveType(oid, depth + 1), delimiter: rows[0]?.typdelim ?? ',' };
  }
}
