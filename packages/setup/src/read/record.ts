import { sqlTable, type TableName } from '@walmq/change';
import { type ClientBase, escapeLiteral } from 'pg';

/** A pipeline of a database: what set-up does it does for one. */
export interface Pipeline {
  readonly slot: string;
  readonly publication: string;
}

/** What set-up has changed, so that teardown undoes that and nothing else. */
export type SetupChange =
  /** Nothing but the pipeline itself. */
  | 'pipeline'
  | 'slot'
  | 'schema'
  /** `after`: its oid, which a later one of that name has not. */
  | 'publication'
  /** A table added to a publication that was there. */
  | 'member'
  /** Options of a publication that was there, each as SET reads it. */
  | 'publish'
  | 'publish_via_partition_root'
  | 'publish_generated_columns'
  /** Of a table, as ALTER TABLE ... REPLICA IDENTITY reads it. */
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

/** The statement that writes a change down. `after`: an expression. */
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

/** A relation's identity as SQL writes it, of pg_class `c`. */
const IDENTITY = `CASE c.relreplident WHEN 'd' THEN 'DEFAULT' WHEN 'f' THEN 'FULL' WHEN 'n' THEN 'NOTHING' ELSE 'USING INDEX ' || (
    SELECT quote_ident(x.relname) FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid
     WHERE i.indrelid = c.oid AND i.indisreplident) END`;

/** Writes down what a table's identity is before it is changed; to be run ahead of that, and run twice it does no harm. */
export function recordIdentitySql({ slot, publication }: Pipeline, table: TableName, after: string): string {
  const names = [slot, publication, 'identity', table.schema, table.table].map(escapeLiteral).join(', ');
  return `INSERT INTO walmq.setup ${COLUMNS}
  SELECT ${names}, ${IDENTITY}, ${escapeLiteral(after)}
    FROM pg_class c WHERE c.oid = ${escapeLiteral(sqlTable(table))}::regclass AND ${IDENTITY} <> ${escapeLiteral(after)} ${CONFLICT}`;
}

/** What a table's identity is; undefined where there is no such table. */
export async function readIdentity(client: ClientBase, table: TableName): Promise<string | undefined> {
  const { rows } = await client.query<{ identity: string }>(
    `SELECT ${IDENTITY} AS identity FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind IN ('r', 'p')`,
    [table.schema, table.table],
  );
  return rows[0]?.identity;
}

/** Notes that there is such a pipeline, where set-up may. */
export async function notePipeline(client: ClientBase, pipeline: Pipeline): Promise<void> {
  await record(client, recordSql(pipeline, 'pipeline'));
}

const FORBIDDEN = '42501';
const NO_TABLE = '42P01';

/** What cannot be written down is not undone later: no reason to fail now. */
export async function record(client: ClientBase, sql: string): Promise<void> {
  try {
    await client.query(sql);
  } catch (error) {
    if (![FORBIDDEN, NO_TABLE].includes((error as { code?: string }).code ?? '')) throw error;
  }
}

/** What set-up has written down for a pipeline; nothing where an older one has set it up. */
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

/** Other pipelines of this database that are still there: their slot or their publication is. */
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
