import { type Operation, type TableName, tableName } from '@walmq/change';
import type { Relation } from '../protocol/messages.js';
import type { JsonWriter } from '../values/json-writer.js';
import { anyText } from '../values/ordering-text.js';
import { TEXT_TYPE, type ValueType } from '../values/value.js';

export interface Column {
  readonly name: string;
  /** `"name":` as JSON text. */
  readonly jsonName: string;
  /** `jsonName` in UTF-8. */
  readonly jsonNameBytes: Buffer;
  readonly type: ValueType;
}

/** A relation with everything that converts its tuples to JSON. */
export interface Table {
  /** Has the name that the changes carry: the ancestor's name if a queue reads the changes under that name. */
  readonly relation: Relation;
  readonly isChild: boolean;
  readonly columns: readonly Column[];
  /** Indexes of the key's columns: the primary key with REPLICA IDENTITY FULL, else the replica identity. */
  readonly keyColumns: readonly number[];
  readonly indexOf: ReadonlyMap<string, number>;
  /** Indexes of the columns of json and jsonb, and of arrays of them. */
  readonly jsonColumns: readonly number[];
  /**
   * Why the content of the changes is uncertain: facts that neither the catalog nor the memory knew. Undefined if
   * certain.
   */
  readonly doubt: string | undefined;
  /**
   * True if the key of the table's changes was unknown at least once. Every later change waits for the changes without a
   * known key.
   */
  readonly followsUnkeyed: boolean;
  /** What stands between the id and the key in the JSON of a change, by operation, in UTF-8. */
  readonly jsonHeads: Readonly<Record<Operation, Buffer>>;
  /** Writer of the rows; empty between two rows. */
  readonly json: JsonWriter;
}

export interface TableParts {
  /** Undefined for an unknown type. */
  readonly typeOf: (oid: number) => ValueType | undefined;
  /**
   * Columns of the primary key, used only with REPLICA IDENTITY FULL. Empty without a primary key; undefined if unknown.
   */
  readonly primaryKey: readonly string[] | undefined;
  /** Columns of a nondeterministic collation. */
  readonly looselyCollated: ReadonlySet<string>;
  /** The ancestor whose name the changes carry; undefined if they carry the table's own name. */
  readonly parent?: TableName | undefined;
  /** True if the key of these changes, or of earlier changes of the table, is unknown. */
  readonly isUnkeyed: boolean;
  readonly json: JsonWriter;
}

/** Combines the stream's and the catalog's descriptions of a table. */
export function describeTable(announced: Relation, parts: TableParts): Table {
  const { typeOf, primaryKey, looselyCollated, isUnkeyed, parent, json } = parts;
  const relation = parent ? { ...announced, schema: parent.schema, table: parent.table } : announced;
  const columns = relation.columns.map(({ name, typeOid }) => {
    const type = typeOf(typeOid) ?? TEXT_TYPE;
    return {
      name,
      jsonName: `${JSON.stringify(name)}:`,
      jsonNameBytes: Buffer.from(`${JSON.stringify(name)}:`),
      type: looselyCollated.has(name) ? { ...type, ordering: anyText } : type,
    };
  });
  const indexOf = new Map(columns.map(({ name }, index) => [name, index]));
  return {
    relation,
    columns,
    indexOf,
    json,
    jsonHeads: {
      insert: jsonHead('insert', relation),
      update: jsonHead('update', relation),
      delete: jsonHead('delete', relation),
      truncate: jsonHead('truncate', relation),
      read: jsonHead('read', relation),
      message: jsonHead('message', relation),
    },
    isChild: parent !== undefined,
    jsonColumns: [...columns.keys()].filter(index => columns[index]?.type.jsonNulls),
    keyColumns: keyColumns(relation, indexOf, primaryKey ?? []),
    doubt: doubtOf(relation, parts),
    followsUnkeyed: isUnkeyed,
  };
}

function jsonHead(op: Operation, { schema, table }: TableName): Buffer {
  return Buffer.from(`","op":"${op}",${JSON.stringify({ schema, table }).slice(1, -1)},"key":`);
}

function doubtOf(relation: Relation, { typeOf, primaryKey }: TableParts): string | undefined {
  const { identity, columns } = relation;
  const untyped = columns.filter(({ typeOid }) => !typeOf(typeOid)).map(({ name }) => name);
  const lacks = [
    ...(identity === 'full' && !primaryKey ? ['its primary key'] : []),
    ...(untyped.length > 0 ? [`the type of ${untyped.join(', ')}`] : []),
  ];
  if (lacks.length === 0) return undefined;
  return `${lacks.join(' and ')} is not known: ${tableName(relation)} was altered or dropped before capture had looked at it`;
}

/** With FULL, pgoutput flags every column as identity, so only the catalog shows which columns are the key. */
function keyColumns(
  relation: Relation,
  indexOf: ReadonlyMap<string, number>,
  primaryKey: readonly string[],
): number[] {
  if (relation.identity === 'full') return primaryKey.flatMap(name => indexOf.get(name) ?? []);
  return relation.columns.flatMap((column, index) => (column.inIdentity ? [index] : []));
}
