import type { Relation } from './messages.js';
import type { ToJson } from './value.js';

export interface Column {
  readonly name: string;
  /** `"name":`, ready to be written. */
  readonly jsonName: string;
  readonly toJson: ToJson;
}

/** A relation with all that is needed to turn its tuples into JSON. */
export interface Table {
  readonly relation: Relation;
  readonly columns: readonly Column[];
  /** Where the key's columns stand: the primary key with REPLICA IDENTITY FULL, else the replica identity. */
  readonly keyColumns: readonly number[];
  readonly indexOf: ReadonlyMap<string, number>;
}

export function describeTable(
  relation: Relation,
  types: ReadonlyMap<number, ToJson>,
  primaryKey: readonly string[],
): Table {
  const columns = relation.columns.map(({ name, typeOid }) => ({
    name,
    jsonName: `${JSON.stringify(name)}:`,
    toJson: typeOf(types, typeOid),
  }));
  const indexOf = new Map(columns.map(({ name }, index) => [name, index]));
  return { relation, columns, indexOf, keyColumns: keyColumns(relation, indexOf, primaryKey) };
}

/** With FULL, pgoutput flags every column as identity, so only the catalog can tell which of them are the key. */
function keyColumns(
  relation: Relation,
  indexOf: ReadonlyMap<string, number>,
  primaryKey: readonly string[],
): number[] {
  if (relation.identity === 'full') return primaryKey.flatMap(name => indexOf.get(name) ?? []);
  return relation.columns.flatMap((column, index) => (column.inIdentity ? [index] : []));
}

function typeOf(types: ReadonlyMap<number, ToJson>, oid: number): ToJson {
  const toJson = types.get(oid);
  if (!toJson) throw new Error(`type ${oid} was not resolved`);
  return toJson;
}
