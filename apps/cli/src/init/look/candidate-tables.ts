import type { TableName } from '@walmq/change';
import type { ClientBase } from 'pg';

/** A table whose changes walmq can capture. */
export interface CandidateTable extends TableName {
  /** Columns of the primary key. Empty if there is none. */
  readonly key: readonly string[];
  /** Size with indexes and partitions, as PostgreSQL prints it. */
  readonly size: string;
  /** True for a table in which a migration tool keeps its own records. */
  readonly ofMigrations: boolean;
  /** True with a VIRTUAL generated column: set-up then keeps the table's replica identity. */
  readonly hasVirtual: boolean;
}

/** Names of the tables in which common migration tools keep their records. */
const MIGRATION_TABLES = [
  '_prisma_migrations',
  '__drizzle_migrations',
  'knex_migrations',
  'knex_migrations_lock',
  'kysely_migration',
  'kysely_migration_lock',
  'mikro_orm_migrations',
  'typeorm_metadata',
  'migrations',
  'SequelizeMeta',
  'pgmigrations',
  'schema_migrations',
  'ar_internal_metadata',
  'flyway_schema_history',
  'alembic_version',
  'django_migrations',
];

/**
 * Permanent tables, without partitions and children of partitions, system schemas, walmq's own schema and tables of
 * extensions. PostgreSQL does not send changes of unlogged and temporary tables.
 */
const SQL = `SELECT n.nspname AS schema, c.relname AS "table", c.relname = ANY ($1) AS "ofMigrations",
  EXISTS (SELECT FROM pg_attribute v WHERE v.attrelid = c.oid AND v.attgenerated = 'v' AND NOT v.attisdropped) AS "hasVirtual",
  ARRAY(
    SELECT a.attname::text FROM pg_index i
      JOIN unnest((i.indkey::int2[])[0:i.indnkeyatts - 1]) WITH ORDINALITY AS k (attnum, place) ON true
      JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum
     WHERE i.indrelid = c.oid AND i.indisprimary ORDER BY k.place) AS key,
  pg_size_pretty((SELECT sum(pg_total_relation_size(p.relid))
    FROM (SELECT c.oid AS relid UNION SELECT relid FROM pg_partition_tree(c.oid)) AS p)) AS size
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relpersistence = 'p'
   AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'walmq')
   AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
 ORDER BY n.nspname <> 'public', n.nspname, c.relname`;

/** All tables that walmq can capture: those of schema public first, then by name. */
export async function candidateTables(client: ClientBase): Promise<CandidateTable[]> {
  return (await client.query<CandidateTable>(SQL, [MIGRATION_TABLES])).rows;
}
