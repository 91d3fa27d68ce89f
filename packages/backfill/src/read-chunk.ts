import { Snapshot, Tuple } from '@walmq/replication';
import type { ClientBase, CustomTypesConfig } from 'pg';
import { chunkSql, lastKeySql } from './chunk-sql.js';
import type { KeyedTable } from './keyed-table.js';
import { oneStatement } from './one-statement.js';

export interface ChunkOptions {
  readonly table: KeyedTable;
  readonly filter: string | null;
  readonly after: readonly string[] | null;
  readonly until: readonly string[] | null;
  readonly maxRows: number;
  /** No more rows are fetched after this many bytes of values. */
  readonly maxBytes: number;
}

export interface Chunk {
  /** Rows that the filter takes. */
  readonly tuples: readonly Tuple[];
  /** Rows read, whether the filter takes them or not; 0 at the end of the table. */
  readonly read: number;
  /** Key of the last row read. */
  readonly lastKey: readonly string[] | null;
  readonly snapshot: Snapshot;
}

/** Rows of a fetch. The number grows while rows are small, since their size is unknown before they arrive. */
const FIRST_FETCH = 1;
const LARGEST_FETCH = 256;

/** Returns values in PostgreSQL's text form. */
const AS_TEXT: CustomTypesConfig = { getTypeParser: () => (value: unknown) => value };

/** Key of the last row, in text form; null for an empty table. */
export async function readLastKey(client: ClientBase, table: KeyedTable): Promise<readonly string[] | null> {
  const { rows } = await client.query<string[]>({
    text: lastKeySql(table),
    rowMode: 'array',
    types: AS_TEXT,
  });
  return rows[0] ?? null;
}

/** Reads a chunk in one snapshot, in a read-only transaction that takes no lock on rows. */
export async function readChunk(client: ClientBase, options: ChunkOptions): Promise<Chunk> {
  const { table, maxRows, maxBytes } = options;
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  try {
    const { rows } = await client.query<{ text: string }>('SELECT pg_current_snapshot()::text AS text');
    const sql = chunkSql({ ...options, rows: maxRows });
    await client.query(oneStatement(`DECLARE walmq_chunk NO SCROLL CURSOR FOR ${sql}`));
    const tuples: Tuple[] = [];
    let read = 0;
    let bytes = 0;
    let lastKey: string[] | null = null;
    for (let size = FIRST_FETCH; bytes < maxBytes; size = Math.min(size * 2, LARGEST_FETCH)) {
      const fetched = await client.query<(string | null)[]>({
        text: `FETCH ${size} FROM walmq_chunk`,
        rowMode: 'array',
        types: AS_TEXT,
      });
      for (const [wanted, ...values] of fetched.rows) {
        lastKey = values.splice(0, table.key.length) as string[];
        if (wanted !== 't') continue;
        const tuple = Tuple.of(values);
        bytes += tuple.bytes.length;
        tuples.push(tuple);
      }
      read += fetched.rows.length;
      if (fetched.rows.length < size) break;
    }
    return { tuples, read, lastKey, snapshot: new Snapshot(rows[0]?.text as string) };
  } finally {
    // A lost connection has nothing to roll back.
    await client.query('ROLLBACK').catch(() => undefined);
  }
}
