import { type Lsn, parseLsn } from '@walmq/change';
import type { ClientBase } from 'pg';
import { isPlainScalar } from '../values/value.js';
import type { TypeFacts } from '../values/value-types.js';
import type { TableVersion } from './table-version.js';

/**
 * An answer of the catalog. `walEnd`: the end of the WAL, not earlier than the query's snapshot, so everything in the
 * answer was committed before it.
 */
export interface CatalogView {
  readonly types: ReadonlyMap<number, TypeFacts>;
  readonly tables: ReadonlyMap<number, TableVersion>;
  readonly walEnd: Lsn;
}

/**
 * OIDs of the types and tables to read, and names of tables to read. The answer also contains the types of the tables'
 * columns, and the base and element types of all types.
 */
export interface CatalogQuestion {
  readonly types: readonly number[];
  readonly tables: readonly number[];
  readonly names?: readonly { readonly schema: string; readonly table: string }[];
}

interface AnswerRow {
  readonly walEnd: string;
  readonly types: readonly (Record<keyof TypeFacts, unknown> & { readonly oid: number })[];
  readonly tables: readonly (TableVersion & { readonly oid: number })[];
}

const IS_ARRAY = `(t.typlen = -1 AND t.typelem <> 0 AND t.typsubscript = 'array_subscript_handler'::regproc
  AND t.oid NOT IN ('int2vector'::regtype, 'oidvector'::regtype))`;

/**
 * Leaves out VIRTUAL generated columns, which are never in the stream, and INCLUDE columns of the index, which are not in
 * the key.
 */
const CATALOG_SQL = `
WITH RECURSIVE wanted AS (
  SELECT c.oid FROM pg_class c WHERE c.oid = ANY ($2::oid[])
  UNION
  SELECT c.oid FROM unnest($3::text[], $4::text[]) AS w (schema, name)
    JOIN pg_namespace n ON n.nspname = w.schema
    JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = w.name AND c.relkind IN ('r', 'p')),
columns AS (
  SELECT a.attrelid, a.attnum, a.attname, a.atttypid, a.attisdropped, a.attgenerated, i.xmin AS key_xid,
         array_position(i.indkey[0:i.indnkeyatts - 1]::int2[], a.attnum) AS place,
         NOT coalesce(k.collisdeterministic, true) AS is_loose
    FROM wanted w JOIN pg_attribute a ON a.attrelid = w.oid
    LEFT JOIN pg_index i ON i.indrelid = a.attrelid AND i.indisprimary
    LEFT JOIN pg_collation k ON k.oid = a.attcollation
   WHERE a.attnum > 0 AND a.attgenerated <> 'v'),
needed AS (
  SELECT unnest($1::oid[]) AS oid UNION SELECT atttypid FROM columns
  UNION
  SELECT CASE t.typtype WHEN 'd' THEN t.typbasetype ELSE t.typelem END
    FROM needed n JOIN pg_type t ON t.oid = n.oid WHERE t.typtype = 'd' OR ${IS_ARRAY})
SELECT (SELECT coalesce(json_agg(json_strip_nulls(json_build_object(
            'oid', t.oid::int8,
            'base', CASE WHEN t.typtype = 'd' THEN t.typbasetype::int8 END,
            'element', CASE WHEN ${IS_ARRAY} THEN t.typelem::int8 END,
            'delimiter', (SELECT nullif(e.typdelim, ',') FROM pg_type e WHERE ${IS_ARRAY} AND e.oid = t.typelem),
            'isCitext', CASE WHEN t.typname = 'citext' AND t.typtype = 'b' THEN true END)) ORDER BY t.oid), '[]')
          FROM needed n JOIN pg_type t ON t.oid = n.oid) AS types,
       (SELECT coalesce(json_agg(one.version), '[]') FROM (
          SELECT json_build_object('oid', c.attrelid::int8, 'keyXid', min(c.key_xid::text)::int8,
            'attributes', json_agg(json_build_object(
              'name', c.attname, 'typeOid', c.atttypid::int8, 'dropped', c.attisdropped,
              'generated', c.attgenerated <> '', 'place', c.place, 'isLoose', c.is_loose) ORDER BY c.attnum)) AS version
            FROM columns c GROUP BY c.attrelid) one) AS tables,
       pg_current_wal_insert_lsn()::text AS "walEnd"`;

export async function readCatalog(
  client: ClientBase,
  { types, tables, names = [] }: CatalogQuestion,
): Promise<CatalogView> {
  const { rows } = await client.query<AnswerRow>(CATALOG_SQL, [
    types,
    tables,
    names.map(({ schema }) => schema),
    names.map(({ table }) => table),
  ]);
  const row = rows[0] as AnswerRow;
  return {
    types: new Map(
      row.types
        .filter(({ oid }) => !isPlainScalar(oid))
        .map(({ oid, ...facts }) => [oid, facts as TypeFacts]),
    ),
    tables: new Map(row.tables.map(({ oid, ...version }) => [oid, version])),
    walEnd: parseLsn(row.walEnd),
  };
}
