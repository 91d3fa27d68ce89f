import type { TableName } from '@walmq/change';
import type { ClientBase } from 'pg';
import type { PublishedRelation } from './refused-writes.js';
import { IDENTITIES, type IdentityLetter } from './tables.js';

interface RelationRow extends TableName {
  oid: number;
  identity: IdentityLetter;
  columns: string[];
  primary_key: string[];
  identity_index: string[];
  stored: string[];
  virtual: string[];
  publications: {
    name: string;
    update: boolean;
    delete: boolean;
    viaRoot: boolean;
    generated: string | null;
    alone: Part;
    viaAncestor: Part;
  }[];
}

interface Part {
  columns: string[] | null;
  filterColumns: string[] | null;
}

const indexColumns = (which: string) => `ARRAY(
  SELECT a.attname::text FROM pg_index i
    JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY ((i.indkey::int2[])[0:i.indnkeyatts - 1])
   WHERE i.indrelid = c.oid AND i.${which})`;

const columnsWith = (condition: string) => `ARRAY(
  SELECT a.attname::text FROM pg_attribute a
   WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated ${condition} ORDER BY a.attnum)`;

/**
 * The publication's column list for relation `r`, and the columns that its row filter reads (PostgreSQL >= 15). The stored
 * filter expression contains column numbers, which the query turns into names. It reads catalog columns that only newer
 * servers have through jsonb.
 */
const part = (r: string) => `(SELECT jsonb_build_object(
  'columns', (SELECT jsonb_agg(a.attname) FROM pg_attribute a
               WHERE a.attrelid = own.prrelid AND to_jsonb(own) -> 'prattrs' @> to_jsonb(a.attnum)),
  'filterColumns', CASE WHEN to_jsonb(own) ->> 'prqual' IS NOT NULL THEN (
     SELECT coalesce(jsonb_agg(DISTINCT a.attname), '[]')
       FROM regexp_matches(to_jsonb(own) ->> 'prqual', ':varattno (\\d+)', 'g') AS v
       JOIN pg_attribute a ON a.attrelid = own.prrelid AND a.attnum::text = v[1]) END)
  FROM pg_publication_rel own WHERE own.prpubid = p.oid AND own.prrelid = ${r})`;

/** PostgreSQL 15 added FOR TABLES IN SCHEMA and its catalog table. */
const inSchema = (version: number) =>
  version >= 150_000
    ? `OR EXISTS (SELECT FROM pg_publication_namespace s WHERE s.pnpubid = p.oid AND s.pnnspid = x.relnamespace)`
    : '';

/** $1: OIDs of relations. $2: name of a publication, whose tables the query returns as well. */
const publishedSql = (version: number) => `WITH member AS (
  -- Every way in which a relation is published: by itself, or as a part of an ancestor.
  SELECT c.oid AS relid, p.oid AS pubid, x.oid AS ancestor,
         row_number() OVER (PARTITION BY c.oid, p.oid ORDER BY tree.depth DESC) AS topmost
    FROM pg_class c
    CROSS JOIN LATERAL (
      SELECT c.oid AS relid, 1::bigint AS depth WHERE NOT c.relispartition
       UNION SELECT a.relid, a.depth FROM pg_partition_ancestors(c.oid) WITH ORDINALITY AS a (relid, depth)) AS tree
    JOIN pg_class x ON x.oid = tree.relid
    JOIN pg_publication p ON p.puballtables
      OR EXISTS (SELECT FROM pg_publication_rel m WHERE m.prpubid = p.oid AND m.prrelid = x.oid) ${inSchema(version)}
   WHERE c.relkind = 'r' AND c.relpersistence = 'p' AND c.oid >= 16384)
SELECT c.oid::int8::float8 AS oid, n.nspname AS schema, c.relname AS "table", c.relreplident AS identity,
       ${columnsWith("= ''")} AS columns, ${columnsWith("= 's'")} AS stored, ${columnsWith("= 'v'")} AS virtual,
       ${indexColumns('indisprimary')} AS primary_key, ${indexColumns('indisreplident')} AS identity_index,
       (SELECT coalesce(jsonb_agg(jsonb_build_object(
                 'name', p.pubname, 'update', p.pubupdate, 'delete', p.pubdelete, 'viaRoot', p.pubviaroot,
                 'generated', to_jsonb(p) ->> 'pubgencols',
                 'alone', coalesce(${part('c.oid')}, '{}'), 'viaAncestor', coalesce(${part('m.ancestor')}, '{}'))), '[]')
          FROM member m JOIN pg_publication p ON p.oid = m.pubid
         WHERE m.relid = c.oid AND m.topmost = 1) AS publications
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind = 'r' AND c.relpersistence = 'p'
   AND (c.oid::int8 = ANY ($1::int8[])
        OR c.oid IN (SELECT m.relid FROM member m JOIN pg_publication p ON p.oid = m.pubid WHERE p.pubname = $2))`;

/**
 * The relations with the given OIDs and all tables of the publication, each with every publication that sends its changes.
 * PostgreSQL permits or rejects UPDATE and DELETE on a relation by these publications.
 */
export async function readPublished(
  client: ClientBase,
  {
    oids,
    publication,
    version,
  }: { readonly oids: readonly number[]; readonly publication: string; readonly version: number },
): Promise<PublishedRelation[]> {
  const { rows } = await client.query<RelationRow>(publishedSql(version), [oids, publication]);
  return rows.map(row => ({
    oid: row.oid,
    schema: row.schema,
    table: row.table,
    identity: IDENTITIES[row.identity],
    primaryKey: row.primary_key,
    identityIndex: row.identity_index,
    stored: row.stored,
    virtual: row.virtual,
    publications: row.publications.map(({ name, viaRoot, generated, alone, viaAncestor, ...operations }) => ({
      name,
      viaRoot,
      update: operations.update,
      delete: operations.delete,
      publishesStored: generated === 's',
      alone: partOf(alone),
      viaAncestor: partOf(viaAncestor),
    })),
  }));
}

function partOf({ columns, filterColumns }: Partial<Part>): Part {
  return { columns: columns ?? null, filterColumns: filterColumns ?? null };
}
