import { sqlIdentifier, sqlTable, type TableName } from '@walmq/change';
import type { ClientBase } from 'pg';
import { anyText } from '../values/ordering-text.js';
import { TEXT_TYPE, type ValueType } from '../values/value.js';
import { valueTypeOf } from '../values/value-types.js';
import { readCatalog } from './read-catalog.js';

/** A column whose values can be typed by a person. */
export interface TypedColumn {
  readonly name: string;
  /** The type as SQL writes it, with and without its modifier: `numeric(10,2)`, `numeric`. */
  readonly typeName: string;
  readonly bareTypeName: string;
  readonly type: ValueType;
}

/** A table's columns now, and those of its key in the order in which a change names them. */
export interface TypedTable {
  readonly key: readonly string[];
  readonly columns: ReadonlyMap<string, TypedColumn>;
}

/** A value as changes hold it. Several spellings can stand for one value. */
export interface TypedValue {
  readonly column: string;
  /** JSON texts, as a change of today would hold the value. */
  readonly jsons: readonly string[];
  /** JSON text of the value in an ordering key: see orderingTextsOf. */
  readonly ordering: string;
}

interface ColumnRow {
  readonly name: string;
  readonly type_oid: number;
  readonly type_name: string;
  readonly bare_type_name: string;
  readonly place: number | null;
  readonly is_full: boolean;
  readonly is_loose: boolean;
}

/** The key is the replica identity, or the primary key with REPLICA IDENTITY FULL: as the stream has it. */
const COLUMNS_SQL = `
SELECT a.attname AS name, a.atttypid::int8::float8 AS type_oid,
       format_type(a.atttypid, a.atttypmod) AS type_name, format_type(a.atttypid, -1) AS bare_type_name,
       array_position(i.indkey[0:i.indnkeyatts - 1]::int2[], a.attnum) AS place,
       c.relreplident = 'f' AS is_full, NOT coalesce(k.collisdeterministic, true) AS is_loose
  FROM pg_class c
  JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = $1
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  LEFT JOIN pg_index i ON i.indrelid = c.oid AND CASE c.relreplident WHEN 'i' THEN i.indisreplident
                          WHEN 'n' THEN false ELSE i.indisprimary END
  LEFT JOIN pg_collation k ON k.oid = a.attcollation
 WHERE c.relname = $2 AND c.relkind IN ('r', 'p')
 ORDER BY a.attnum`;

/** Undefined if there is no such table. */
export async function readTypedTable(client: ClientBase, table: TableName): Promise<TypedTable | undefined> {
  const { rows } = await client.query<ColumnRow>(COLUMNS_SQL, [table.schema, table.table]);
  if (rows.length === 0) return undefined;
  const oids = [...new Set(rows.map(({ type_oid }) => type_oid))];
  const { types } = await readCatalog(client, { types: oids, tables: [] });
  const columns = rows.map(row => {
    const type = valueTypeOf(row.type_oid, oid => types.get(oid)) ?? TEXT_TYPE;
    return {
      name: row.name,
      typeName: row.type_name,
      bareTypeName: row.bare_type_name,
      type: row.is_loose ? { ...type, ordering: anyText } : type,
    };
  });
  const inKey = rows.filter(({ place }) => place !== null);
  // The stream flags the columns of a replica identity in the order of the table; the catalog lists a primary key.
  if (rows[0]?.is_full) inKey.sort((a, b) => (a.place as number) - (b.place as number));
  return {
    key: inKey.map(({ name }) => name),
    columns: new Map(columns.map(column => [column.name, column])),
  };
}

/**
 * Converts a typed text to the value that a change holds: PostgreSQL reads the text as it reads a literal of the column's type.
 * Undefined if the text is no value of the type.
 */
export async function readTypedValue(
  client: ClientBase,
  { name, typeName, bareTypeName, type }: TypedColumn,
  text: string,
): Promise<TypedValue | undefined> {
  const bare = await castText(client, text, bareTypeName);
  if (bare === undefined) return undefined;
  const orderingOf = (value: string) => JSON.stringify(type.ordering(value));
  const ordering = orderingOf(bare);
  // With its modifier a value has the spelling of the column (1.00), unless it was cut off or rounded.
  const exact = typeName === bareTypeName ? bare : await castText(client, text, typeName);
  const spellings = exact !== undefined && orderingOf(exact) === ordering ? [bare, exact] : [bare];
  return { column: name, ordering, jsons: [...new Set(spellings.map(value => type.toJson(value)))] };
}

async function castText(client: ClientBase, text: string, typeName: string): Promise<string | undefined> {
  try {
    // format() calls the type's output function, as the stream does. A cast to text writes some types differently.
    const { rows } = await client.query<{ value: string }>(
      `SELECT format('%s', ($1::text)::${typeName}) AS value`,
      [text],
    );
    return rows[0]?.value;
  } catch (error) {
    // Classes 22 and 23: the text is no value of the type, or of its domain.
    if (/^2[23]/.test(String((error as { code?: unknown }).code))) return undefined;
    throw error;
  }
}

/**
 * The texts of some columns of a row as it is now, by name. Null if the table has no such row, undefined if this role may not
 * read it.
 */
export async function readRowNow(
  client: ClientBase,
  table: TableName,
  { key, columns }: RowQuestion,
): Promise<Record<string, string | null> | null | undefined> {
  const conditions = key.map(
    ({ column }, index) => `${sqlIdentifier(column.name)} = $${index + 1}::text::${column.bareTypeName}`,
  );
  const wanted = [
    "'' AS here",
    ...columns.map(name => `format('%s', ${sqlIdentifier(name)}) AS ${sqlIdentifier(name)}`),
  ];
  try {
    const { rows } = await client.query<Record<string, string | null>>(
      `SELECT ${wanted.join(', ')} FROM ${sqlTable(table)} WHERE ${conditions.join(' AND ')} LIMIT 1`,
      key.map(({ text }) => text),
    );
    return rows[0] ?? null;
  } catch (error) {
    // insufficient_privilege, also for a table with row security that this role does not own
    if (String((error as { code?: unknown }).code) === '42501') return undefined;
    throw error;
  }
}

export interface RowQuestion {
  /** The key, as a person typed it. */
  readonly key: readonly { readonly column: TypedColumn; readonly text: string }[];
  readonly columns: readonly string[];
}
