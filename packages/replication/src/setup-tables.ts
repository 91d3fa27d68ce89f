import type { ClientBase } from 'pg';

export interface TableName {
  readonly schema: string;
  readonly table: string;
}

/** What of an old row PostgreSQL puts into the WAL. */
type ReplicaIdentity = 'default' | 'full' | 'index' | 'nothing';

export interface Partition extends TableName {
  readonly identity: ReplicaIdentity;
}

/** What the catalog says of a table that queues read. */
export interface TableFacts extends TableName {
  readonly partitioned: boolean;
  /** False for unlogged and temporary tables: their changes are not in the WAL. */
  readonly logged: boolean;
  readonly identity: ReplicaIdentity;
  /** Names of the columns that PostgreSQL sends: all but the generated ones. */
  readonly columns: readonly string[];
  /** Which sorts of generated columns it has. VIRTUAL ones are in no publication's reach. */
  readonly generated: { readonly stored: boolean; readonly virtual: boolean };
  readonly primaryKey: readonly string[];
  /** Columns of the old row that are sent whatever the change: none with `nothing`, all with `full`. */
  readonly identityColumns: readonly string[];
  /** At every depth; REPLICA IDENTITY is not inherited, so each has its own. */
  readonly partitions: readonly Partition[];
}

type IdentityLetter = 'd' | 'f' | 'i' | 'n';

const IDENTITIES: Readonly<Record<IdentityLetter, ReplicaIdentity>> = {
  d: 'default',
  f: 'full',
  i: 'index',
  n: 'nothing',
};

interface TableRow {
  partitioned: boolean;
  logged: boolean;
  identity: IdentityLetter;
  columns: string[];
  stored: boolean;
  virtual: boolean;
  primary_key: string[];
  identity_index: string[];
  partitions: { schema: string; table: string; identity: IdentityLetter }[];
}

/** An index's key columns, without those it only INCLUDEs. */
const indexColumns = (which: string) => `ARRAY(
  SELECT a.attname::text FROM pg_index i
    JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY ((i.indkey::int2[])[0:i.indnkeyatts - 1])
   WHERE i.indrelid = c.oid AND i.${which})`;

const hasGenerated = (kind: 's' | 'v') => `EXISTS (
  SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND NOT a.attisdropped AND a.attgenerated = '${kind}')`;

const TABLE_SQL = `SELECT c.relkind = 'p' AS partitioned, c.relpersistence = 'p' AS logged, c.relreplident AS identity,
  ARRAY(SELECT a.attname::text FROM pg_attribute a
         WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '') AS columns,
  ${hasGenerated('s')} AS stored, ${hasGenerated('v')} AS virtual,
  ${indexColumns('indisprimary')} AS primary_key,
  ${indexColumns('indisreplident')} AS identity_index,
  (SELECT coalesce(jsonb_agg(jsonb_build_object(
            'schema', pn.nspname, 'table', p.relname, 'identity', p.relreplident) ORDER BY t.level, p.relname), '[]')
     FROM pg_partition_tree(c.oid) t JOIN pg_class p ON p.oid = t.relid JOIN pg_namespace pn ON pn.oid = p.relnamespace
    WHERE t.level > 0 AND p.relkind IN ('r', 'p')) AS partitions
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind IN ('r', 'p')`;

/** Undefined when there is no such table. */
export async function readTable(
  client: ClientBase,
  { schema, table }: TableName,
): Promise<TableFacts | undefined> {
  const { rows } = await client.query<TableRow>(TABLE_SQL, [schema, table]);
  const row = rows[0];
  if (!row) return undefined;
  return {
    schema,
    table,
    partitioned: row.partitioned,
    logged: row.logged,
    identity: IDENTITIES[row.identity],
    columns: row.columns,
    generated: { stored: row.stored, virtual: row.virtual },
    primaryKey: row.primary_key,
    identityColumns: identityColumns(row),
    partitions: row.partitions.map(partition => ({
      schema: partition.schema,
      table: partition.table,
      identity: IDENTITIES[partition.identity],
    })),
  };
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

/** `schema.table`, as a person reads it. */
export function tableText({ schema, table }: TableName): string {
  return `${schema}.${table}`;
}
