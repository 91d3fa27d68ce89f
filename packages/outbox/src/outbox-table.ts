/** What the columns of an outbox table are called: as in walmq.config.ts. */
export interface OutboxColumns {
  readonly id: string;
  /** Decides which queues take an event. */
  readonly aggregateType: string;
  /** With the type: within what it is in order. */
  readonly aggregateId: string;
  /** The job's name. */
  readonly type: string;
  readonly payload: string;
  readonly headers: string;
  readonly createdAt: string;
}

/** An outbox table; columns that are not said have their default names. */
export interface OutboxTable {
  readonly schema: string;
  readonly table: string;
  readonly columns?: Partial<OutboxColumns>;
}

/** The names of all columns, the default ones where nothing is said. */
export function columnsOf({ columns }: Pick<OutboxTable, 'columns'>): OutboxColumns {
  return {
    ...{ id: 'id', aggregateType: 'aggregate_type', aggregateId: 'aggregate_id', type: 'type' },
    ...{ payload: 'payload', headers: 'headers', createdAt: 'created_at' },
    ...columns,
  };
}

/**
 * Idempotent SQL that makes the table, and a procedure that deletes old rows a batch at a time. Rows are read once, from
 * the WAL: nothing has to find them again but their key and, for that procedure, a coarse index on their time.
 */
export function outboxSchemaSql(outbox: OutboxTable): string {
  const columns = columnsOf(outbox);
  const [type, createdAt] = [quote(columns.type), quote(columns.createdAt)];
  const table = quoteTable(outbox);
  // PostgreSQL would cut a longer name by itself, and set-up would not find it again.
  const index = quote(`${outbox.table.slice(0, 40)}_${columns.createdAt.slice(0, 20)}`);
  const schema = outbox.schema === 'public' ? '' : `CREATE SCHEMA IF NOT EXISTS ${quote(outbox.schema)};\n`;
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
LANGUAGE plpgsql AS $clean$
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
END $clean$;`;
}

/** `"schema"."table"` */
export function quoteTable({ schema, table }: Pick<OutboxTable, 'schema' | 'table'>): string {
  return `${quote(schema)}.${quote(table)}`;
}

/** As an identifier in SQL; pg's own function would make the package depend on pg. */
export function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
