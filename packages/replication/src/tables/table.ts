import { type TableName, tableName } from '@walmq/change';
import type { Relation } from '../protocol/messages.js';
import type { JsonWriter } from '../values/json-writer.js';
import { anyText } from '../values/ordering-text.js';
import { TEXT_TYPE, type ValueType } from '../values/value.js';

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
  /** Where its columns of JSON stand, and of arrays of it. */
  readonly jsonColumns: readonly number[];
  /** Why its changes may be others than they seem: what neither the catalog nor the memory could tell. */
  readonly doubt: string | undefined;
  /** Changes of it that came before had a key that nobody could tell, so all others wait for them. */
  readonly followsUnkeyed: boolean;
  /** Where its rows are written; between two rows it is empty. */
  readonly json: JsonWriter;
}

export interface TableParts {
  /** Undefined for an unknown type. */
  readonly typeOf: (oid: number) => ValueType | undefined;
  /** True with REPLICA IDENTITY FULL; undefined if unknown. */
  readonly primaryKey: readonly string[] | undefined;
  /** Columns of a nondeterministic collation. */
  readonly looselyCollated: ReadonlySet<string>;
  /** Whose name its changes carry, where that is not its own. */
  readonly parent?: TableName | undefined;
  /** The key of changes of it, these or earlier ones, is not known. */
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
    isChild: parent !== undefined,
    jsonColumns: [...columns.keys()].filter(index => columns[index]?.type.jsonNulls),
    keyColumns: keyColumns(relation, indexOf, primaryKey ?? []),
    doubt: doubtOf(relation, parts),
    followsUnkeyed: isUnkeyed,
  };
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
