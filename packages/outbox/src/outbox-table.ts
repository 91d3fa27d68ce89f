/** Names of an outbox table's columns, as in walmq.config.ts. */
export interface OutboxColumns {
  readonly id: string;
  /** Decides which queues take an event. */
  readonly aggregateType: string;
  /** The events of one aggregate of one type are processed in order. */
  readonly aggregateId: string;
  /** The job's name. */
  readonly type: string;
  readonly payload: string;
  readonly headers: string;
  readonly createdAt: string;
}

/** An outbox table. Absent columns have their default names. */
export interface OutboxTable {
  readonly schema: string;
  readonly table: string;
  readonly columns?: Partial<OutboxColumns>;
}

/** The names of all columns, with defaults for absent ones. */
export function columnsOf({ columns }: Pick<OutboxTable, 'columns'>): OutboxColumns {
  return {
    id: 'id',
    aggregateType: 'aggregate_type',
    aggregateId: 'aggregate_id',
    type: 'type',
    payload: 'payload',
    headers: 'headers',
    createdAt: 'created_at',
    ...columns,
  };
}

/**
 * Idempotent SQL that creates the table and a procedure that deletes old rows in batches. Rows are read once,
 * from the WAL, so the table needs no index except its key and, for that procedure, a coarse index on time.
 */
export function outboxSchemaSql(outbox: OutboxTable): string {
  const columns = columnsOf(outbox);
  const [type, createdAt] = [quote(columns.type), quote(columns.createdAt)];
  const table = quoteTable(outbox);
  // PostgreSQL would truncate a longer name, and set-up would not find it again.
  const index = quote(`${cut(outbox.table, 40)}_${cut(columns.createdAt, 20)}`);
  const schema = outbox.schema === 'public' ? '' : `CREATE SCHEMA IF NOT EXISTS ${quote(outbox.schema)};\n`;
  const dollars = dollarQuote(`${table}${createdAt}`);
  return `${schema}CREATE TABLE IF NOT EXISTS ${table} (
  ${quote(columns.id)} bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  ${quote(columns.aggregateType)} text NOT NULL,
  ${quote(columns.aggregateId)} text,
  ${type} text NOT NULL CHECK (${type} <> ''),
  ${quote(columns.payload)} jsonb,
  ${quote(columns.headers)} jsonb,
  ${createdAt} timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX IF NOT EXISTS ${index} ON ${table} USING brin (${createdAt}) WITH (autosummarize = on);
CREATE SCHEMA IF NOT EXISTS walmq;
CREATE OR REPLACE PROCEDURE walmq.clean_outbox(older_than interval, batch_rows integer DEFAULT 10000)
LANGUAGE plpgsql AS ${dollars}
DECLARE
  oldest_kept CONSTANT timestamptz := now() - older_than;
  deleted bigint;
BEGIN
  LOOP
    DELETE FROM ${table} WHERE ctid = ANY (ARRAY(
      SELECT ctid FROM ${table} WHERE ${createdAt} < oldest_kept LIMIT batch_rows FOR UPDATE SKIP LOCKED));
    GET DIAGNOSTICS deleted = ROW_COUNT;
    -- A batch is a transaction: no lock is held for long, and what is done stays done.
    COMMIT;
    EXIT WHEN deleted < batch_rows;
  END LOOP;
END ${dollars};`;
}

/** `"schema"."table"` */
export function quoteTable({ schema, table }: Pick<OutboxTable, 'schema' | 'table'>): string {
  return `${quote(schema)}.${quote(table)}`;
}

/** Quotes an identifier. pg's own function would make this package depend on pg. */
export function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** The beginning of a text: at most this many bytes, and only whole characters. */
function cut(name: string, bytes: number): string {
  let kept = '';
  for (const character of name) {
    if (new TextEncoder().encode(kept + character).length > bytes) break;
    kept += character;
  }
  return kept;
}

/** A dollar quote that no name inside can end. */
function dollarQuote(text: string): string {
  let quoted = '$clean$';
  while (text.includes(quoted)) quoted = `${quoted.slice(0, -1)}_$`;
  return quoted;
}
