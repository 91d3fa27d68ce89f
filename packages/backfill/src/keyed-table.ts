import { qualifiedName, sqlTable, WalmqError } from '@walmq/change';
import type { Relation } from '@walmq/replication';
import { type ClientBase, escapeIdentifier } from 'pg';

/** A table that can be read in chunks, in the order of its primary key. */
export interface KeyedTable {
  /** The same as the stream's relation message. */
  readonly relation: Relation;
  /** SQL to read it from: `"public"."orders"`, with its partitions and the tables that inherit from it. */
  readonly from: string;
  /** The primary key's columns in its order, names quoted. */
  readonly key: readonly { readonly name: string; readonly type: string }[];
}

interface TableRow {
  readonly oid: number;
  readonly hasChildren: boolean;
  readonly identity: 'd' | 'n' | 'f' | 'i';
  readonly published: string[] | null;
  readonly columns: readonly {
    readonly name: string;
    readonly oid: number;
    readonly type: string;
    readonly inIdentity: boolean;
    readonly place: number | null;
  }[];
}

const IDENTITY = { d: 'default', n: 'nothing', f: 'full', i: 'index' } as const;

const TABLE_SQL = `SELECT c.oid::int8::float8 AS oid, EXISTS (SELECT FROM pg_inherits i WHERE i.inhparent = c.oid) AS "hasChildren", c.relreplident AS identity,
  -- Before PostgreSQL 15 a publication had no column lists.
  (SELECT coalesce(to_jsonb(p) -> 'attnames', (
            SELECT jsonb_agg(a.attname) FROM pg_attribute a
             WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''))
     FROM pg_publication_tables p
    WHERE p.pubname = $3 AND p.schemaname = n.nspname AND p.tablename = c.relname) AS published,
  (SELECT jsonb_agg(jsonb_build_object(
            'name', a.attname, 'oid', a.atttypid::int8, 'type', format_type(a.atttypid, a.atttypmod),
            'inIdentity', c.relreplident = 'f' OR coalesce(a.attnum = ANY (identity.columns), false),
            'place', array_position(primary_key.columns, a.attnum)) ORDER BY a.attnum)
     FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN LATERAL (SELECT (i.indkey::int2[])[0:i.indnkeyatts - 1] AS columns FROM pg_index i
                      WHERE i.indrelid = c.oid AND i.indisprimary) AS primary_key ON true
  LEFT JOIN LATERAL (SELECT (i.indkey::int2[])[0:i.indnkeyatts - 1] AS columns FROM pg_index i
                      WHERE i.indrelid = c.oid
                        AND CASE c.relreplident WHEN 'd' THEN i.indisprimary ELSE i.indisreplident END) AS identity ON true
 WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind IN ('r', 'p')`;

/** Rejects with TABLE_MISSING, TABLE_UNPUBLISHED, BACKFILL_NO_KEY and BACKFILL_NO_IDENTITY. */
export async function readKeyedTable(
  client: ClientBase,
  {
    schema,
    table,
    publication,
  }: { readonly schema: string; readonly table: string; readonly publication: string },
): Promise<KeyedTable> {
  const { rows } = await client.query<TableRow>(TABLE_SQL, [schema, table, publication]);
  const row = rows[0];
  const name = qualifiedName({ schema, table });
  if (!row)
    throw new WalmqError('TABLE_MISSING', `there is no table ${name}.`, { remedy: 'Check its name.' });
  const { published } = row;
  if (!published)
    throw new WalmqError('TABLE_UNPUBLISHED', `${name} is not in publication "${publication}".`, {
      remedy: 'Run "npx walmq setup" first: changes made during the backfill would be missed.',
    });
  const columns = row.columns.filter(column => published.includes(column.name));
  const key = row.columns
    .filter(({ place }) => place !== null)
    .sort((a, b) => Number(a.place) - Number(b.place));
  if (key.length === 0 || !key.every(column => columns.includes(column)))
    throw new WalmqError(
      'BACKFILL_NO_KEY',
      `${name} has no primary key${key.length > 0 ? ' that its publication holds whole' : ''}, so a backfill has no order to read it in, and cannot detect rows that change meanwhile.`,
      { remedy: 'Add a primary key.' },
    );
  if (row.identity === 'n')
    throw new WalmqError(
      'BACKFILL_NO_IDENTITY',
      `${name} has REPLICA IDENTITY NOTHING: its changes do not identify their row.`,
      { remedy: 'Run "npx walmq setup", which sets it.' },
    );
  return {
    relation: {
      oid: row.oid,
      schema,
      table,
      identity: IDENTITY[row.identity],
      columns: columns.map(({ name: column, oid, inIdentity }) => ({
        name: column,
        typeOid: oid,
        inIdentity,
      })),
    },
    from: `${row.hasChildren ? '' : 'ONLY '}${sqlTable({ schema, table })}`,
    key: key.map(({ name: column, type }) => ({ name: escapeIdentifier(column), type })),
  };
}
