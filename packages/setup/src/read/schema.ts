import { parseIdentifier } from '@walmq/change';
import type { ClientBase } from 'pg';
import { RECORD_SQL } from './record.js';

/** Idempotent SQL that creates tables of walmq. */
export interface SetupSchema {
  /** Object of the verb "create": "the tables of the worker kit". */
  readonly what: string;
  readonly sql: string;
  /** True if queues read these tables. The other steps can only be planned once they exist. */
  readonly captured: boolean;
  /** A schema other than walmq in which `sql` creates tables. If it exists, CREATE on the database is not enough. */
  readonly within?: string;
}

/**
 * What operators did. `begun` is written before an action, the outcome after it. So an action whose process died midway
 * stays `begun`. `original` and `corrected` are JSON text, because jsonb refuses some values that a change may hold.
 */
export const OPERATOR_LOG = { schema: 'walmq', table: 'operator_log' } as const;

const OPERATOR_LOG_SQL = `CREATE TABLE IF NOT EXISTS walmq.operator_log (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  begun_at timestamptz NOT NULL DEFAULT now(),
  ended_at timestamptz,
  who text NOT NULL,
  via text NOT NULL,
  action text NOT NULL,
  queue text,
  change_ids text[] NOT NULL DEFAULT '{}',
  table_name text,
  key text,
  reason text,
  details jsonb NOT NULL DEFAULT '{}',
  original text,
  corrected text,
  outcome text NOT NULL DEFAULT 'begun' CHECK (outcome IN ('begun', 'done', 'failed')),
  result text
);
CREATE INDEX IF NOT EXISTS operator_log_changes ON walmq.operator_log USING gin (change_ids);`;

/** Capture's own tables: the first position of each slot, backfills, skipped transactions, the records of set-up. */
export const CAPTURE_SCHEMA: SetupSchema = {
  what: "capture's tables in schema walmq",
  captured: false,
  sql: `CREATE SCHEMA IF NOT EXISTS walmq;
CREATE TABLE IF NOT EXISTS walmq.capture (
  slot text PRIMARY KEY,
  first_lsn pg_lsn NOT NULL,
  started_at timestamptz NOT NULL DEFAULT now()
);
ALTER TABLE walmq.capture ADD COLUMN IF NOT EXISTS system_identifier text;
ALTER TABLE walmq.capture ADD COLUMN IF NOT EXISTS database text;
ALTER TABLE walmq.capture ADD COLUMN IF NOT EXISTS made_lsn pg_lsn;
ALTER TABLE walmq.capture ADD COLUMN IF NOT EXISTS refusal jsonb;
ALTER TABLE walmq.capture ADD COLUMN IF NOT EXISTS home jsonb;
CREATE TABLE IF NOT EXISTS walmq.backfill (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  slot text NOT NULL,
  queue text NOT NULL,
  table_schema text NOT NULL,
  table_name text NOT NULL,
  filter text,
  chunk_rows integer NOT NULL DEFAULT 1000,
  origin text NOT NULL DEFAULT 'request',
  status text NOT NULL DEFAULT 'waiting',
  last_key text[],
  end_key text[],
  rows_read bigint NOT NULL DEFAULT 0,
  rows_enqueued bigint NOT NULL DEFAULT 0,
  rows_expected bigint,
  error text,
  requested_at timestamptz NOT NULL DEFAULT now(),
  started_at timestamptz,
  ended_at timestamptz
);
ALTER TABLE walmq.backfill ADD COLUMN IF NOT EXISTS trail jsonb NOT NULL DEFAULT '[]';
CREATE UNIQUE INDEX IF NOT EXISTS backfill_snapshot ON walmq.backfill (slot, queue, table_schema, table_name)
  WHERE origin = 'snapshot';
CREATE TABLE IF NOT EXISTS walmq.skipped (
  slot text NOT NULL,
  commit_lsn pg_lsn NOT NULL,
  behind_lsn pg_lsn NOT NULL,
  xid bigint,
  tables text[] NOT NULL,
  reason text NOT NULL,
  skipped_at timestamptz NOT NULL DEFAULT now(),
  skipped_by text NOT NULL DEFAULT session_user
);
${OPERATOR_LOG_SQL}
${RECORD_SQL}`,
};

/** A table, an index, or a column that a later version added. Schema null: the first schema of the search path. */
export interface MadeRelation {
  readonly schema: string | null;
  /** The name of a column includes its table: `capture.refusal`. */
  readonly name: string;
  readonly kind: 'table' | 'index' | 'column';
}

const NAME = '("(?:[^"]|"")+"|[^\\s".(]+)';
const MADE = new RegExp(
  `CREATE (TABLE|INDEX) IF NOT EXISTS (?:${NAME}\\.)?${NAME}(?: ON (?:${NAME}\\.)?${NAME})?`,
  'g',
);

const ADDED = new RegExp(`ALTER TABLE (?:${NAME}\\.)?${NAME} ADD COLUMN IF NOT EXISTS ${NAME}`, 'g');

/** The relations that such SQL creates, read from its text, so that no second list must be maintained. */
export function madeRelations(sql: string): MadeRelation[] {
  const relations = [...sql.matchAll(MADE)].map(
    ([, kind, schema, name, tableSchema]): MadeRelation => ({
      schema: unquoted(schema ?? tableSchema) ?? null,
      name: unquoted(name) as string,
      kind: kind === 'TABLE' ? 'table' : 'index',
    }),
  );
  const columns = [...sql.matchAll(ADDED)].map(
    ([, schema, table, column]): MadeRelation => ({
      schema: unquoted(schema) ?? null,
      name: `${unquoted(table)}.${unquoted(column)}`,
      kind: 'column',
    }),
  );
  return [...relations, ...columns];
}

function unquoted(name: string | undefined): string | undefined {
  return name && parseIdentifier(name);
}

/** The relations of `sql` that do not exist. The catalog shows them without any privilege on the schema. */
export async function missingRelations(client: ClientBase, sql: string): Promise<MadeRelation[]> {
  const made = madeRelations(sql);
  const { rows } = await client.query<{ number: number }>(
    `SELECT w.number::int AS number FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS w (schema, name, number)
      WHERE NOT EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                         WHERE n.nspname = coalesce(w.schema, current_schema()) AND c.relname = w.name)
        AND NOT EXISTS (SELECT FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
                          JOIN pg_namespace n ON n.oid = c.relnamespace
                         WHERE n.nspname = coalesce(w.schema, current_schema())
                           AND c.relkind IN ('r', 'p') AND NOT a.attisdropped
                           AND c.relname || '.' || a.attname = w.name)`,
    [made.map(({ schema }) => schema), made.map(({ name }) => name)],
  );
  return rows.map(({ number }) => made[number - 1] as MadeRelation);
}
