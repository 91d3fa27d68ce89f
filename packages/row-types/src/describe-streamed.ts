import type { ClientBase } from 'pg';
import type { TableDescription } from './description.js';
import { NULLABLE, TOASTABLE } from './read-tables.js';
import { readValueTypes } from './read-value-types.js';

/** A table as the stream announces it, before its first change. */
export interface StreamedTable {
  readonly oid: number;
  readonly oldRow: TableDescription['oldRow'];
  readonly key: readonly string[];
  readonly columns: readonly { readonly name: string; readonly typeOid: number }[];
}

interface ColumnRow {
  name: string;
  dimensions: number;
  nullable: boolean;
  toastable: boolean;
}

const COLUMNS_SQL = `SELECT a.attname::text AS name, a.attndims AS dimensions, ${NULLABLE} AS nullable, ${TOASTABLE} AS toastable
  FROM pg_attribute a WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped`;

/**
 * Describes a table of the stream. Columns, types and replica identity are those of the time of the changes.
 * Facts that the stream does not contain (nullable, TOASTed, an enum's labels) come from today's catalog. For a
 * column that was dropped since, the most permissive value is assumed.
 */
export async function describeStreamed(client: ClientBase, table: StreamedTable): Promise<TableDescription> {
  const { rows } = await client.query<ColumnRow>(COLUMNS_SQL, [table.oid]);
  const today = new Map(rows.map(row => [row.name, row]));
  const typeOf = await readValueTypes(
    client,
    table.columns.map(({ typeOid }) => typeOid),
  );
  return {
    oldRow: table.oldRow,
    key: table.key,
    columns: table.columns.map(({ name, typeOid }) => {
      const column = today.get(name);
      return {
        name,
        type: typeOf(typeOid, column?.dimensions ?? 1),
        nullable: column?.nullable ?? false,
        optional: table.oldRow === 'key' && !table.key.includes(name) && (column?.toastable ?? false),
      };
    }),
  };
}
