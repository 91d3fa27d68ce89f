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
 * Describes tables by what only the catalog knows, because the stream does not contain it: the primary key of a table
 * with REPLICA IDENTITY FULL, and the base and element types of domains and arrays. Queries the catalog once per relation
 * that the stream announces. The memory describes what was altered or dropped by then.
 */
export class Catalog {
  readonly #client: ClientBase;
  readonly #memory: CatalogMemory;
  /** Shared by all tables, because rows are written one at a time. */
  readonly #json: JsonWriter;
  readonly #types = new Map<number, ValueType>();
  readonly #tables = new WeakMap<Relation, Table>();
  readonly #inheritance: Inheritance;
  /** End of the WAL at the last look at a table, by the table's OID. */
  readonly #looks = new Map<number, Lsn>();
  /** OIDs of tables whose key was unknown at least once. */
  readonly #unkeyed = new Set<number>();

  /** `checksText`: set for a database that accepts bytes that are not UTF-8. */
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

  /** Hot path: the table without a promise, if it is known already. */
  known(relation: Relation): Table | undefined {
    return this.#tables.get(relation);
  }

  /**
   * Describes the table as it was when a transaction wrote to it. Without `moment`, as it is now. The transaction must be
   * visible to this connection. New descriptions are in the memory, and the caller must save them before the table's first
   * change.
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
    // A child does not inherit the primary key, so its changes have the parent's key.
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

  /** Looks at these tables, at all remembered tables, and at their types, before the stream brings changes of them. */
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

  /**
   * Caches known types only. The next description asks again for an unknown type: the transaction that created the type
   * may be visible by then.
   */
  #typeOf(oid: number): ValueType | undefined {
    const known = this.#types.get(oid) ?? valueTypeOf(oid, made => this.#memory.type(made));
    if (known) this.#types.set(oid, known);
    return known;
  }
}
