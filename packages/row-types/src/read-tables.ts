import { qualifiedName, type TableName, WalmqError } from '@walmq/change';
import type { ClientBase } from 'pg';
import type { ColumnDescription, TableDescription } from './description.js';
import { readValueTypes } from './read-value-types.js';

/** A table for which types are written: the form of its changes, and its comments in the database. */
export interface TableModel extends TableDescription {
  readonly schema: string;
  readonly table: string;
  readonly comment: string | null;
  readonly columns: readonly ColumnModel[];
}

export interface ColumnModel extends ColumnDescription {
  /** The type's name in PostgreSQL: `numeric(10,2)`. */
  readonly sqlType: string;
  readonly comment: string | null;
}

interface ColumnRow {
  name: string;
  type: number;
  sql_type: string;
  dimensions: number;
  nullable: boolean;
  toastable: boolean;
  comment: string | null;
}

interface TableRow {
  schema: string;
  table: string;
  comment: string | null;
  whole: boolean;
  key: string[];
  columns: ColumnRow[];
}

/** For pg_attribute `a`: a NOT NULL that is not validated does not cover older rows (PostgreSQL 18). */
export const NULLABLE = `(NOT a.attnotnull OR EXISTS (
  SELECT FROM pg_constraint o
   WHERE o.conrelid = a.attrelid AND o.contype = 'n' AND a.attnum = ANY (o.conkey) AND NOT o.convalidated))`;

/** For pg_attribute `a`. https://www.postgresql.org/docs/current/storage-toast.html */
export const TOASTABLE = `(a.attlen = -1 AND a.attstorage <> 'p')`;

/**
 * One row per existing table. Columns: those that the publication sends, if there is a publication (it
 * decides about generated columns, which no server before PostgreSQL 18 sends, and may have a column list);
 * otherwise all except generated ones.
 */
const TABLES_SQL = `SELECT n.nspname AS schema, c.relname AS table, obj_description(c.oid, 'pg_class') AS comment,
  c.relreplident = 'f' AND NOT EXISTS (
    SELECT FROM pg_partition_tree(c.oid) t JOIN pg_class p ON p.oid = t.relid
     WHERE t.isleaf AND p.relkind = 'r' AND p.relreplident <> 'f') AS whole,
  ARRAY(
    SELECT a.attname::text FROM pg_index i
      JOIN unnest((i.indkey::int2[])[0:i.indnkeyatts - 1]) WITH ORDINALITY AS k (attnum, place) ON true
      JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum
     WHERE i.indrelid = c.oid AND CASE c.relreplident WHEN 'i' THEN i.indisreplident WHEN 'n' THEN false ELSE i.indisprimary END
     ORDER BY k.place) AS key,
  (SELECT coalesce(jsonb_agg(jsonb_build_object(
            'name', a.attname, 'type', a.atttypid::int8, 'sql_type', format_type(a.atttypid, a.atttypmod),
            'dimensions', a.attndims, 'comment', col_description(c.oid, a.attnum),
            'nullable', ${NULLABLE}, 'toastable', ${TOASTABLE}) ORDER BY a.attnum), '[]')
     FROM pg_attribute a
    WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
      AND CASE WHEN a.attgenerated = '' THEN coalesce(sent.names ? a.attname::text, true)
               ELSE current_setting('server_version_num')::int >= 180000 AND coalesce(sent.names ? a.attname::text, false)
          END) AS columns
  FROM unnest($1::text[], $2::text[]) AS wanted (schema, name)
  JOIN pg_namespace n ON n.nspname = wanted.schema
  JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = wanted.name AND c.relkind IN ('r', 'p')
  LEFT JOIN LATERAL (
    SELECT nullif(to_jsonb(p) -> 'attnames', 'null') AS names FROM pg_publication_tables p
     WHERE p.pubname = $3 AND p.schemaname = n.nspname AND p.tablename = c.relname) AS sent ON true
 ORDER BY n.nspname <> 'public', n.nspname, c.relname`;

const INSUFFICIENT_PRIVILEGE = '42501';

/**
 * The tables' models: those of schema public first, then by name. Throws TABLE_MISSING, which names all
 * missing tables, and PRIVILEGE_MISSING.
 */
export async function readTables(
  client: ClientBase,
  options: { readonly tables: readonly TableName[]; readonly publication: string },
): Promise<TableModel[]> {
  const rows = await query(client, options);
  const missing = options.tables.filter(
    wanted => !rows.some(({ schema, table }) => schema === wanted.schema && table === wanted.table),
  );
  if (missing.length > 0)
    throw new WalmqError(
      'TABLE_MISSING',
      `the database has no table ${missing.map(qualifiedName).join(', ')}.`,
      {
        remedy:
          'Create it, or correct its name in walmq.config.ts; views and foreign tables have no changes.',
      },
    );
  const typeOf = await readValueTypes(
    client,
    rows.flatMap(({ columns }) => columns.map(({ type }) => type)),
  );
  return rows.map(({ schema, table, comment, whole, key, columns }) => ({
    schema,
    table,
    comment,
    oldRow: whole ? 'whole' : 'key',
    key: key.filter(name => columns.some(column => column.name === name)),
    columns: columns.map(column => ({
      name: column.name,
      sqlType: column.sql_type,
      type: typeOf(column.type, column.dimensions),
      nullable: column.nullable,
      optional: !whole && column.toastable && !key.includes(column.name),
      comment: column.comment,
    })),
  }));
}

async function query(
  client: ClientBase,
  { tables, publication }: { readonly tables: readonly TableName[]; readonly publication: string },
): Promise<TableRow[]> {
  const names = [tables.map(({ schema }) => schema), tables.map(({ table }) => table)];
  try {
    return (await client.query<TableRow>(TABLES_SQL, [...names, publication])).rows;
  } catch (cause) {
    if ((cause as { code?: unknown }).code !== INSUFFICIENT_PRIVILEGE) throw cause;
    throw new WalmqError(
      'PRIVILEGE_MISSING',
      `the role may not read the catalog: ${(cause as Error).message}.`,
      {
        remedy:
          'Run the command as a role that may read pg_catalog; every role may, unless the privilege was revoked.',
        cause,
      },
    );
  }
}
