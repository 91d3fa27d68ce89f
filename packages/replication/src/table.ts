import type { TableName } from '@walmq/change';
import type { JsonWriter } from './json-writer.js';
import type { Relation } from './messages.js';
import { anyText } from './ordering-text.js';
import type { ValueType } from './value.js';

export interface Column {
  readonly name: string;
  /** `"name":`, ready to be written. */
  readonly jsonName: string;
  /** The same in UTF-8. */
  readonly jsonNameBytes: Buffer;
  readonly type: ValueType;
}

/** A relation with all that is needed to turn its tuples into JSON. */
export interface Table {
  /** Under the name that its changes carry: that of the table it inherits from, where a queue reads that one. */
  readonly relation: Relation;
  readonly isChild: boolean;
  readonly columns: readonly Column[];
  /** Where the key's columns stand: the primary key with REPLICA IDENTITY FULL, else the replica identity. */
  readonly keyColumns: readonly number[];
  readonly indexOf: ReadonlyMap<string, number>;
  /** Where its rows are written; between two rows it is empty. */
  readonly json: JsonWriter;
}

export interface TableParts {
  readonly types: ReadonlyMap<number, ValueType>;
  readonly primaryKey: readonly string[];
  /** Columns of a nondeterministic collation. */
  readonly looselyCollated: ReadonlySet<string>;
  /** Whose name its changes carry, where that is not its own. */
  readonly parent?: TableName | undefined;
  readonly json: JsonWriter;
}

/** Puts together what the stream and the catalog say of a table. Throws on a type that is not among `types`. */
export function describeTable(announced: Relation, parts: TableParts): Table {
  const { types, primaryKey, looselyCollated, parent, json } = parts;
  const relation = parent ? { ...announced, schema: parent.schema, table: parent.table } : announced;
  const columns = relation.columns.map(({ name, typeOid }) => ({
    name,
    jsonName: `${JSON.stringify(name)}:`,
    jsonNameBytes: Buffer.from(`${JSON.stringify(name)}:`),
    type: looselyCollated.has(name)
      ? { ...typeOf(types, typeOid), ordering: anyText }
      : typeOf(types, typeOid),
  }));
  const indexOf = new Map(columns.map(({ name }, index) => [name, index]));
  return {
    relation,
    isChild: parent !== undefined,
    columns,
    indexOf,
    keyColumns: keyColumns(relation, indexOf, primaryKey),
    json,
  };
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

function typeOf(types: ReadonlyMap<number, ValueType>, oid: number): ValueType {
  const type = types.get(oid);
  if (!type) throw new Error(`type ${oid} was not resolved`);
  return type;
}
