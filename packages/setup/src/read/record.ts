import { sqlTable, type TableName } from '@walmq/change';
import { type ClientBase, escapeLiteral } from 'pg';

/** A pipeline of a database. Each run of set-up prepares one pipeline. */
export interface Pipeline {
  readonly slot: string;
  readonly publication: string;
}

/** Kind of a change that set-up made. Teardown undoes recorded changes and nothing else. */
export type SetupChange =
  /** The pipeline itself; names no changed object. */
  | 'pipeline'
  | 'slot'
  | 'schema'
  /** `after`: OID of the publication. A later publication of the same name has another OID. */
  | 'publication'
  /** A table that set-up added to an existing publication. */
  | 'member'
  /** Options of an existing publication. Values are in the syntax of ALTER PUBLICATION ... SET. */
  | 'publish'
  | 'publish_via_partition_root'
  | 'publish_generated_columns'
  /** Replica identity of a table. Values are in the syntax of ALTER TABLE ... REPLICA IDENTITY. */
  | 'identity';

/** A row of walmq.setup. */
export interface SetupRecord extends TableName {
  readonly change: SetupChange;
  readonly before: string | null;
  readonly after: string | null;
}

export const RECORD_SQL = `CREATE TABLE IF NOT EXISTS walmq.setup (
  slot_name text NOT NULL,
  publication text NOT NULL,
  change text NOT NULL,
  schema_name text NOT NULL DEFAULT '',
  table_name text NOT NULL DEFAULT '',
  before text,
  after text,
  made_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (slot_name, publication, change, schema_name, table_name)
);`;

const CONFLICT = `ON CONFLICT (slot_name, publication, change, schema_name, table_name)
  DO UPDATE SET before = excluded.before, after = excluded.after, made_at = excluded.made_at;`;
const COLUMNS = '(slot_name, publication, change, schema_name, table_name, before, after)';

/** The statement that records a change. `after` is an SQL expression. */
export function recordSql(
  { slot, publication }: Pipeline,
  change: SetupChange,
  {
    table = { schema: '', table: '' },
    before,
    after = 'NULL',
  }: { readonly table?: TableName; readonly before?: string; readonly after?: string } = {},
): string {
  const values = [slot, publication, change, table.schema, table.table].map(escapeLiteral);
  return `INSERT INTO walmq.setup ${COLUMNS}
  VALUES (${values.join(', ')}, ${before === undefined ? 'NULL' : escapeLiteral(before)}, ${after}) ${CONFLICT}`;
}

/** Replica identity of the pg_class row `c`, in SQL syntax. */
const IDENTITY = `CASE c.relreplident WHEN 'd' THEN 'DEFAULT' WHEN 'f' THEN 'FULL' WHEN 'n' THEN 'NOTHING' ELSE 'USING INDEX ' || (
    SELECT quote_ident(x.relname) FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid
     WHERE i.indrelid = c.oid AND i.indisreplident) END`;

/** Records a table's replica identity. Must run before the identity changes. A second run records nothing. */
export function recordIdentitySql({ slot, publication }: Pipeline, table: TableName, after: string): string {
  const names = [slot, publication, 'identity', table.schema, table.table].map(escapeLiteral).join(', ');
  return `INSERT INTO walmq.setup ${COLUMNS}
  SELECT ${names}, ${IDENTITY}, ${escapeLiteral(after)}
    FROM pg_class c WHERE c.oid = ${escapeLiteral(sqlTable(table))}::regclass AND ${IDENTITY} <> ${escapeLiteral(after)} ${CONFLICT}`;
}

/** A table's replica identity in SQL syntax; undefined if the table does not exist. */
export async function readIdentity(client: ClientBase, table: TableName): Promise<string | undefined> {
  const { rows } = await client.query<{ identity: string }>(
    `SELECT ${IDENTITY} AS identity FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind IN ('r', 'p')`,
    [table.schema, table.table],
  );
  return rows[0]?.identity;
}

/** Records the pipeline, if the role has the privilege and walmq.setup exists. */
export async function notePipeline(client: ClientBase, pipeline: Pipeline): Promise<void> {
  await record(client, recordSql(pipeline, 'pipeline'));
}

const FORBIDDEN = '42501';
const NO_TABLE = '42P01';

/** Ignores a missing privilege or table: teardown then does not undo the change, which is no reason to fail now. */
export async function record(client: ClientBase, sql: string): Promise<void> {
  try {
    await client.query(sql);
  } catch (error) {
    if (![FORBIDDEN, NO_TABLE].includes((error as { code?: string }).code ?? '')) throw error;
  }
}

/** The records of a pipeline. Empty if a version of walmq without walmq.setup set it up. */
export async function readRecords(
  client: ClientBase,
  { slot, publication }: Pipeline,
): Promise<SetupRecord[]> {
  if (!(await hasTable(client, 'walmq.setup'))) return [];
  const { rows } = await client.query<SetupRecord>(
    `SELECT change, schema_name AS schema, table_name AS "table", before, after FROM walmq.setup
      WHERE slot_name = $1 AND publication = $2 ORDER BY made_at, schema_name, table_name`,
    [slot, publication],
  );
  return rows;
}

/** Other pipelines of this database whose slot or publication still exists. */
export async function readOtherPipelines(
  client: ClientBase,
  { slot, publication }: Pipeline,
): Promise<Pipeline[]> {
  const sources = [
    ...((await hasTable(client, 'walmq.setup'))
      ? ['SELECT slot_name AS slot, publication FROM walmq.setup']
      : []),
    ...((await hasTable(client, 'walmq.capture'))
      ? [`SELECT slot, '' AS publication FROM walmq.capture`]
      : []),
  ];
  if (sources.length === 0) return [];
  const { rows } = await client.query<Pipeline>(
    `SELECT DISTINCT slot, publication FROM (${sources.join(' UNION ALL ')}) AS known
      WHERE slot <> $1 AND EXISTS (SELECT FROM pg_replication_slots s
                                    WHERE s.slot_name = known.slot AND s.database = current_database())
         OR publication NOT IN ('', $2) AND EXISTS (SELECT FROM pg_publication p WHERE p.pubname = known.publication)
      ORDER BY 1, 2 DESC`,
    [slot, publication],
  );
  return rows;
}

async function hasTable(client: ClientBase, name: string): Promise<boolean> {
  return (await client.query('SELECT WHERE to_regclass($1) IS NOT NULL', [name])).rows.length > 0;
}
