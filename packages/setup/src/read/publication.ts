import { qualifiedName, type TableName } from '@walmq/change';
import type { ClientBase } from 'pg';
import type { Partition, TableFacts } from './tables.js';

/** The operations that a publication may publish, as PostgreSQL names them. */
export const PUBLISHABLE = ['insert', 'update', 'delete', 'truncate'] as const;
export type PublishedOperation = (typeof PUBLISHABLE)[number];

/** A publication, read from the catalog. */
export interface PublicationFacts {
  readonly name: string;
  readonly oid: number;
  /** True for FOR ALL TABLES. */
  readonly allTables: boolean;
  /** Schemas of FOR TABLES IN SCHEMA (PostgreSQL >= 15). */
  readonly schemas: readonly string[];
  /** Tables of FOR TABLE, each in the form of qualifiedName. */
  readonly tables: readonly string[];
  /** The members of `tables` with a row filter or a column list (PostgreSQL >= 15). */
  readonly filteredTables: readonly string[];
  /** Fingerprint of the row filter and column list, by name of the filtered table. */
  readonly filters: Readonly<Record<string, string>>;
  readonly operations: readonly PublishedOperation[];
  readonly viaRoot: boolean;
  /** True if STORED generated columns are published. Undefined before PostgreSQL 18, which never publishes them. */
  readonly generatedColumns: boolean | undefined;
}

interface PublicationRow {
  oid: number;
  all_tables: boolean;
  tables: (TableName & { filter: string | null })[];
  via_root: boolean;
  generated: 's' | 'n' | null;
  insert: boolean;
  update: boolean;
  delete: boolean;
  truncate: boolean;
}

/** Reads catalog columns that only newer servers have through jsonb, which omits missing columns. */
const PUBLICATION_SQL = `WITH named AS (
  SELECT r.prpubid, n.nspname AS schema, c.relname AS "table",
         md5(nullif(concat_ws(' ', to_jsonb(r) ->> 'prqual', to_jsonb(r) ->> 'prattrs'), '')) AS filter
    FROM pg_publication_rel r JOIN pg_class c ON c.oid = r.prrelid JOIN pg_namespace n ON n.oid = c.relnamespace)
SELECT p.oid::int8::float8 AS oid, p.puballtables AS all_tables, p.pubviaroot AS via_root, to_jsonb(p) ->> 'pubgencols' AS generated, p.pubinsert AS insert, p.pubupdate AS update,
       p.pubdelete AS delete, p.pubtruncate AS truncate,
       (SELECT coalesce(jsonb_agg(jsonb_build_object('schema', schema, 'table', "table", 'filter', filter)), '[]')
          FROM named WHERE prpubid = p.oid) AS tables
  FROM pg_publication p WHERE p.pubname = $1`;

const SCHEMAS_SQL = `SELECT n.nspname AS schema FROM pg_publication_namespace pn
  JOIN pg_publication p ON p.oid = pn.pnpubid JOIN pg_namespace n ON n.oid = pn.pnnspid WHERE p.pubname = $1`;

/** First version (server_version_num) with FOR TABLES IN SCHEMA. */
const SCHEMA_PUBLICATIONS = 150_000;

/** Undefined if the publication does not exist. */
export async function readPublication(
  client: ClientBase,
  name: string,
  serverVersion: number,
): Promise<PublicationFacts | undefined> {
  const { rows } = await client.query<PublicationRow>(PUBLICATION_SQL, [name]);
  const row = rows[0];
  if (!row) return undefined;
  const schemas =
    serverVersion >= SCHEMA_PUBLICATIONS
      ? (await client.query<{ schema: string }>(SCHEMAS_SQL, [name])).rows.map(({ schema }) => schema)
      : [];
  const filters = Object.fromEntries(
    row.tables.flatMap(table => (table.filter === null ? [] : [[qualifiedName(table), table.filter]])),
  );
  return {
    name,
    oid: row.oid,
    allTables: row.all_tables,
    schemas,
    tables: row.tables.map(qualifiedName),
    filteredTables: Object.keys(filters),
    filters,
    operations: PUBLISHABLE.filter(operation => row[operation]),
    viaRoot: row.via_root,
    generatedColumns: row.generated === null ? undefined : row.generated === 's',
  };
}

/** True if the publication contains the table: by name, by its schema, or FOR ALL TABLES. */
export function publishes(publication: PublicationFacts, table: TableName): boolean {
  return (
    publication.allTables ||
    publication.schemas.includes(table.schema) ||
    publication.tables.includes(qualifiedName(table))
  );
}

/** Unpublished tables that inherit from a published table: they were created after the parent was added. */
export function unpublishedChildren(publication: PublicationFacts, { children }: TableFacts): Partition[] {
  return children.filter(child => !publishes(publication, child));
}
