import { didYouMean, type TableName, tableName } from '@walmq/change';
import type { ClientBase } from 'pg';

/** The part of an old row that PostgreSQL writes to the WAL. */
export type ReplicaIdentity = 'default' | 'full' | 'index' | 'nothing';

/** A partition, or a table that inherits (a child). */
export interface Partition extends TableName {
  readonly oid: number;
  readonly identity: ReplicaIdentity;
  /** True if it was a separate table before, and so may have contained rows when it was attached. */
  readonly attached: boolean;
}

/** A table that queues read, read from the catalog. */
export interface TableFacts extends TableName {
  readonly oid: number;
  readonly partitioned: boolean;
  /** False for unlogged and temporary tables: their changes are not in the WAL. */
  readonly logged: boolean;
  readonly identity: ReplicaIdentity;
  /** Names of the columns that PostgreSQL sends: all except generated columns. */
  readonly columns: readonly string[];
  /** Kinds of generated columns in the table. No publication can publish VIRTUAL columns. */
  readonly generated: { readonly stored: boolean; readonly virtual: boolean };
  readonly primaryKey: readonly string[];
  /** True if the primary key is DEFERRABLE: two rows may have the same key for a moment inside a transaction. */
  readonly keyDeferrable: boolean;
  /** Columns of the replica identity, which old rows always contain: none with `nothing`, all with `full`. */
  readonly identityColumns: readonly string[];
  /** Partitions at every depth. REPLICA IDENTITY is not inherited, so each has its own. */
  readonly partitions: readonly Partition[];
  /** Tables that inherit from this table, at every depth. Each has its own publication membership and identity. */
  readonly children: readonly Partition[];
  /** Partitions and children whose changes are not in this server's WAL. */
  readonly unsent: readonly UnsentMember[];
}

export interface UnsentMember extends TableName {
  readonly why: 'unlogged' | 'foreign';
}

export type IdentityLetter = 'd' | 'f' | 'i' | 'n';

export const IDENTITIES: Readonly<Record<IdentityLetter, ReplicaIdentity>> = {
  d: 'default',
  f: 'full',
  i: 'index',
  n: 'nothing',
};

interface TableRow {
  place: number;
  oid: number;
  partitioned: boolean;
  logged: boolean;
  identity: IdentityLetter;
  columns: string[];
  stored: boolean;
  virtual: boolean;
  primary_key: string[];
  key_deferrable: boolean;
  identity_index: string[];
  partitions: MemberRow[];
  children: MemberRow[];
  unsent: UnsentMember[];
}

interface MemberRow {
  oid: number;
  schema: string;
  table: string;
  identity: IdentityLetter;
  attached: boolean;
}

/** An index's key columns, without its INCLUDE columns. */
const indexColumns = (which: string) => `ARRAY(
  SELECT a.attname::text FROM pg_index i
    JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY ((i.indkey::int2[])[0:i.indnkeyatts - 1])
   WHERE i.indrelid = c.oid AND i.${which})`;

const hasGenerated = (kind: 's' | 'v') => `EXISTS (
  SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND NOT a.attisdropped AND a.attgenerated = '${kind}')`;

/**
 * `attached`: a partition or child that one statement creates and attaches has its rows in pg_inherits and pg_attribute
 * from the same transaction (xmin).
 */
const MEMBERS = `coalesce(jsonb_agg(jsonb_build_object(
            'oid', p.oid::int8, 'schema', pn.nspname, 'table', p.relname, 'identity', p.relreplident,
            'attached', (SELECT min(i.xmin::text) FROM pg_inherits i WHERE i.inhrelid = p.oid)
                        <> (SELECT a.xmin::text FROM pg_attribute a WHERE a.attrelid = p.oid AND a.attname = 'ctid'))
            ORDER BY t.level, p.relname), '[]')`;

const HEIRS = `WITH RECURSIVE heirs AS (
  SELECT i.inhrelid AS relid FROM pg_inherits i WHERE i.inhparent = c.oid AND c.relkind = 'r'
   UNION SELECT i.inhrelid FROM heirs t JOIN pg_inherits i ON i.inhparent = t.relid) SELECT relid FROM heirs`;

const TABLES_SQL = `SELECT w.place::int AS place, c.oid::int8::float8 AS oid, c.relkind = 'p' AS partitioned, c.relpersistence = 'p' AS logged, c.relreplident AS identity,
  ARRAY(SELECT a.attname::text FROM pg_attribute a
         WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '') AS columns,
  ${hasGenerated('s')} AS stored, ${hasGenerated('v')} AS virtual,
  ${indexColumns('indisprimary')} AS primary_key,
  EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary AND NOT i.indimmediate) AS key_deferrable,
  ${indexColumns('indisreplident')} AS identity_index,
  (SELECT ${MEMBERS}
     FROM pg_partition_tree(c.oid) t JOIN pg_class p ON p.oid = t.relid JOIN pg_namespace pn ON pn.oid = p.relnamespace
    WHERE t.level > 0 AND p.relkind IN ('r', 'p')) AS partitions,
  (SELECT coalesce(jsonb_agg(jsonb_build_object('schema', pn.nspname, 'table', p.relname,
            'why', CASE p.relkind WHEN 'f' THEN 'foreign' ELSE 'unlogged' END) ORDER BY p.relname), '[]')
     FROM (SELECT relid FROM pg_partition_tree(c.oid) WHERE level > 0 UNION SELECT relid FROM (${HEIRS}) h) t
     JOIN pg_class p ON p.oid = t.relid JOIN pg_namespace pn ON pn.oid = p.relnamespace
    WHERE p.relkind = 'f' OR p.relkind = 'r' AND p.relpersistence <> 'p') AS unsent,
  (WITH RECURSIVE heirs AS (
     SELECT i.inhrelid AS relid, 1 AS level FROM pg_inherits i WHERE i.inhparent = c.oid AND c.relkind = 'r'
      UNION SELECT i.inhrelid, t.level + 1 FROM heirs t JOIN pg_inherits i ON i.inhparent = t.relid)
   SELECT ${MEMBERS}
     FROM (SELECT relid, min(level) AS level FROM heirs GROUP BY relid) t
     JOIN pg_class p ON p.oid = t.relid JOIN pg_namespace pn ON pn.oid = p.relnamespace
    WHERE p.relkind = 'r') AS children
  FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS w (schema, name, place)
  JOIN pg_namespace n ON n.nspname = w.schema
  JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = w.name AND c.relkind IN ('r', 'p')`;

/** In the requested order; undefined for a table that does not exist. */
export async function readTables(
  client: ClientBase,
  tables: readonly TableName[],
): Promise<(TableFacts | undefined)[]> {
  const { rows } = await client.query<TableRow>(TABLES_SQL, [
    tables.map(({ schema }) => schema),
    tables.map(({ table }) => table),
  ]);
  const found = new Map(rows.map(row => [row.place, row]));
  return tables.map((name, index) => {
    const row = found.get(index + 1);
    return row && factsOf(name, row);
  });
}

function factsOf({ schema, table }: TableName, row: TableRow): TableFacts {
  return {
    schema,
    table,
    oid: row.oid,
    partitioned: row.partitioned,
    logged: row.logged,
    identity: IDENTITIES[row.identity],
    columns: row.columns,
    generated: { stored: row.stored, virtual: row.virtual },
    primaryKey: row.primary_key,
    keyDeferrable: row.key_deferrable,
    identityColumns: identityColumns(row),
    partitions: row.partitions.map(memberOf),
    children: row.children.map(memberOf),
    unsent: row.unsent,
  };
}

function memberOf(row: MemberRow): Partition {
  return { ...row, identity: IDENTITIES[row.identity] };
}

function identityColumns(row: TableRow): string[] {
  switch (row.identity) {
    case 'f':
      return row.columns;
    case 'd':
      return row.primary_key;
    case 'i':
      return row.identity_index;
    case 'n':
      return [];
  }
}

/** The table itself, then its partitions and children, which may hold its rows. */
export function membersOf(table: TableFacts): (TableName & Pick<Partition, 'oid' | 'identity'>)[] {
  return [table, ...table.partitions, ...table.children];
}

/** Names of all ordinary and partitioned tables, without partitions and system schemas. */
export async function readTableNames(client: ClientBase): Promise<TableName[]> {
  const { rows } = await client.query<TableName>(
    `SELECT n.nspname AS schema, c.relname AS "table" FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition
        AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') ORDER BY 1, 2`,
  );
  return rows;
}

/** ` Did you mean "User"?`, or an empty text. Suggests a similar name, or the same name in another schema. */
export function tableMeant(wanted: TableName, candidates: readonly TableName[]): string {
  const elsewhere = candidates.filter(({ table }) => table.toLowerCase() === wanted.table.toLowerCase());
  const near = candidates.filter(({ schema }) => schema === wanted.schema);
  return (
    didYouMean(tableName(wanted), [...near, ...elsewhere].map(tableName)) ||
    (elsewhere[0] ? didYouMean(tableName(elsewhere[0]), [tableName(elsewhere[0])]) : '')
  );
}
