import type { Lsn } from '@walmq/change';
import type { ClientBase } from 'pg';
import type { Relation } from '../protocol/messages.js';
import { JsonWriter } from '../values/json-writer.js';
import type { ValueType } from '../values/value.js';
import { valueTypeOf } from '../values/value-types.js';
import type { CatalogMemory } from './catalog-memory.js';
import type { Inheritance } from './inheritance.js';
import { type CatalogView, readCatalog } from './read-catalog.js';
import { describeTable, type Table } from './table.js';
import { type Moment, tableFactsAt } from './table-version.js';

/**
 * What the stream does not say of a table and only the database knows: its primary key under REPLICA IDENTITY
 * FULL, and what arrays, domains and other made types are made of. Asked once per relation the stream announces; what the
 * database no longer knows by then is remembered.
 */
export class Catalog {
  readonly #client: ClientBase;
  readonly #memory: CatalogMemory;
  /** One for all tables: rows are written one at a time. */
  readonly #json: JsonWriter;
  readonly #types = new Map<number, ValueType>();
  readonly #tables = new WeakMap<Relation, Table>();
  readonly #inheritance: Inheritance;
  /** By a table's oid, the end of the WAL when it was last looked at. */
  readonly #looks = new Map<number, Lsn>();
  /** Oids of tables of which a key could not be told. */
  readonly #unkeyed = new Set<number>();

  /** `checksText`: of a database that lets in bytes that are not UTF-8. */
  constructor(
    client: ClientBase,
    memory: CatalogMemory,
    { inheritance, checksText = false }: { readonly inheritance: Inheritance; readonly checksText?: boolean },
  ) {
    this.#client = client;
    this.#memory = memory;
    this.#inheritance = inheritance;
    this.#json = new JsonWriter({ checksText });
  }

  /** The table if it is already known: the hot path, without a promise. */
  known(relation: Relation): Table | undefined {
    return this.#tables.get(relation);
  }

  /**
   * The table as a transaction wrote to it, which must be visible to this connection; without one, as it is now. What has
   * been learnt for it is in the memory, to be saved ahead of its first change.
   */
  async describe(relation: Relation, moment?: Moment): Promise<Table> {
    const { oid, columns, identity } = relation;
    const lastLook = this.#looks.get(oid);
    const parent = await this.#inheritance.parentOf(relation);
    const view = await this.#look({
      types: columns.map(({ typeOid }) => typeOid).filter(typeOid => this.#typeOf(typeOid) === undefined),
      tables: parent ? [oid, parent.oid] : [oid],
    });
    const isCaughtUp =
      view.tables.has(oid) && (!moment || (lastLook !== undefined && moment.commitLsn > lastLook));
    const at = { xid: moment?.xid, isCaughtUp };
    const own = tableFactsAt(relation, this.#memory.versions(oid), at);
    const { looselyCollated } = own;
    // A primary key is not inherited, but what names a row in its parent names it here.
    const primaryKey =
      parent && !own.primaryKey?.length
        ? tableFactsAt(relation, this.#memory.versions(parent.oid), at).primaryKey
        : own.primaryKey;
    if (identity === 'full' && !primaryKey) this.#unkeyed.add(oid);
    const table = describeTable(relation, {
      typeOf: typeOid => this.#typeOf(typeOid),
      primaryKey,
      looselyCollated,
      parent,
      json: this.#json,
      isUnkeyed: this.#unkeyed.has(oid),
    });
    this.#tables.set(relation, table);
    return table;
  }

  /** Looks at these tables, at all that is remembered, and at their types, ahead of any change of theirs. */
  async remember(names: readonly { readonly schema: string; readonly table: string }[]): Promise<void> {
    const { typeOids, tableOids } = this.#memory;
    await this.#look({ types: typeOids, tables: tableOids, names });
  }

  async #look(question: Parameters<typeof readCatalog>[1]): Promise<CatalogView> {
    const view = await readCatalog(this.#client, question);
    this.#memory.sawTypes(question.types, view.types, view.walEnd);
    this.#memory.sawTables(question.tables, view.tables, view.walEnd);
    for (const oid of view.tables.keys()) this.#looks.set(oid, view.walEnd);
    return view;
  }

  /** A type that nobody knows is asked for again: the transaction that made it may only now be visible. */
  #typeOf(oid: number): ValueType | undefined {
    const known = this.#types.get(oid) ?? valueTypeOf(oid, made => this.#memory.type(made));
    if (known) this.#types.set(oid, known);
    return known;
  }
}
