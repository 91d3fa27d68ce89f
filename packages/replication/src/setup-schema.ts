import { parseIdentifier } from '@walmq/change';
import type { ClientBase } from 'pg';
import { RECORD_SQL } from './setup-record.js';

/** Idempotent SQL that makes tables of ours. */
export interface SetupSchema {
  /** What is made, after "create": "the tables of the worker kit". */
  readonly what: string;
  readonly sql: string;
  /** True when queues read these tables, so that the rest can only be planned where they are. */
  readonly captured: boolean;
  /** A schema other than walmq in which it makes tables: if it exists, the right to make schemas is not enough. */
  readonly within?: string;
}

/** What capture keeps in the database: where a slot stood when it was read for the first time, backfills, what was given up. */
export const CAPTURE_SCHEMA: SetupSchema = {
  what: "capture's tables in schema walmq",
  captured: false,
  sql: `CREATE SCHEMA IF NOT EXISTS walmq;
CREATE TABLE IF NOT EXISTS walmq.capture (
  slot text PRIMARY KEY,
  first_lsn pg_lsn NOT NULL,
  started_at timestamptz NOT NULL DEFAULT now()
);
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
${RECORD_SQL}`,
};

/** A table or an index; schema null: wherever the search path leads. */
export interface MadeRelation {
  readonly schema: string | null;
  readonly name: string;
  readonly kind: 'table' | 'index';
}

const NAME = '("(?:[^"]|"")+"|[^\\s".(]+)';
const MADE = new RegExp(
  `CREATE (TABLE|INDEX) IF NOT EXISTS (?:${NAME}\\.)?${NAME}(?: ON (?:${NAME}\\.)?${NAME})?`,
  'g',
);

/** What such SQL makes, read from its own text, so that there is no second list to keep. */
export function madeRelations(sql: string): MadeRelation[] {
  return [...sql.matchAll(MADE)].map(([, kind, schema, name, tableSchema]) => ({
    schema: unquoted(schema ?? tableSchema) ?? null,
    name: unquoted(name) as string,
    kind: kind === 'TABLE' ? 'table' : 'index',
  }));
}

function unquoted(name: string | undefined): string | undefined {
  return name && parseIdentifier(name);
}

/** The relations that are not there. Asks the catalog, which answers without any right on the schema. */
export async function missingRelations(client: ClientBase, sql: string): Promise<MadeRelation[]> {
  const made = madeRelations(sql);
  const { rows } = await client.query<{ number: number }>(
    `SELECT w.number::int AS number FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS w (schema, name, number)
      WHERE NOT EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                         WHERE n.nspname = coalesce(w.schema, current_schema()) AND c.relname = w.name)`,
    [made.map(({ schema }) => schema), made.map(({ name }) => name)],
  );
  return rows.map(({ number }) => made[number - 1] as MadeRelation);
}
