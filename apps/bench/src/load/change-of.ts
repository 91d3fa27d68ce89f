import type { Change, Json, Row } from '@walmq/change';

/** An insert with the fields of walmq's contract, so that the jobs of all contenders have the same size in Redis. */
export function changeOf(options: {
  readonly table: string;
  readonly row: Readonly<Record<string, unknown>>;
  readonly id: string;
  readonly tx: Change['tx'];
}): Change {
  const row = Object.fromEntries(Object.entries(options.row).map(([name, value]) => [name, jsonOf(value)]));
  return {
    id: options.id,
    op: 'insert',
    schema: 'public',
    table: options.table,
    key: { id: row.id as Json },
    before: null,
    after: row as Row,
    tx: options.tx,
  };
}

function jsonOf(value: unknown): Json {
  return value instanceof Date ? value.toISOString() : (value as Json);
}
