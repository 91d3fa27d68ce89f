/** An outbox table, and what those of its columns are called that decide a row's way: as in walmq.config.ts. */
export interface OutboxTable {
  readonly schema: string;
  readonly table: string;
  readonly columns: { readonly aggregateType: string; readonly aggregateId: string; readonly type: string };
}

/** Idempotent SQL that makes the table. Its rows are read once, from the WAL: nothing has to find them again but its key. */
export function outboxSchemaSql(outbox: OutboxTable): string {
  const { aggregateType, aggregateId, type } = outbox.columns;
  const schema = outbox.schema === 'public' ? '' : `CREATE SCHEMA IF NOT EXISTS ${quote(outbox.schema)};\n`;
  return `${schema}CREATE TABLE IF NOT EXISTS ${quoteTable(outbox)} (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  ${quote(aggregateType)} text NOT NULL,
  ${quote(aggregateId)} text,
  ${quote(type)} text NOT NULL CHECK (${quote(type)} <> ''),
  payload jsonb,
  headers jsonb,
  created_at timestamptz NOT NULL DEFAULT now()
);`;
}

export function quoteTable({ schema, table }: Pick<OutboxTable, 'schema' | 'table'>): string {
  return `${quote(schema)}.${quote(table)}`;
}

export function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
