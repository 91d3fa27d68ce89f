import { escapeIdentifier, escapeLiteral } from 'pg';
import type { KeyedTable } from './keyed-table.js';

export interface ChunkSqlOptions {
  readonly table: KeyedTable;
  readonly filter: string | null;
  /** The chunk begins after this key; values in text form. */
  readonly after: readonly string[] | null;
  /** The chunk ends at this key at the latest. */
  readonly until: readonly string[] | null;
  readonly rows: number;
}

/**
 * Columns: whether the filter takes the row, the key, then the row's columns, which are null if it does not. The filter runs
 * on rows that were read in the order of the key, so that a chunk does not scan the whole table if few rows match.
 */
export function chunkSql({ table, filter, after, until, rows }: ChunkSqlOptions): string {
  const key = table.key.map(({ name }) => name);
  const wanted = filter === null ? 'true' : '(walmq_wanted IS TRUE)';
  const columns = table.relation.columns.map(({ name }) => escapeIdentifier(name));
  const own = columns.map(column => (filter === null ? column : `CASE WHEN walmq_wanted THEN ${column} END`));
  // A new line, so that a comment at the filter's end does not hide the rest.
  const decided = filter === null ? '' : `, (${filter}\n) AS walmq_wanted`;
  const compared = (values: readonly string[] | null, operator: '>' | '<=') =>
    values
      ? [`(${key.join(', ')}) ${operator} (${values.map((value, i) => literal(value, table, i)).join(', ')})`]
      : [];
  const range = [...compared(after, '>'), ...compared(until, '<=')];
  const from = `SELECT ${table.from.replace(/^ONLY /, '')}.*${decided} FROM ${table.from}
${range.length > 0 ? `WHERE ${range.join(' AND ')}\n` : ''}\
ORDER BY ${key.join(', ')} LIMIT ${rows}`;
  return `SELECT ${[wanted, ...key, ...own].join(', ')} FROM (${from}) AS chunk ORDER BY ${key.join(', ')}`;
}

/** The key of the last row. */
export function lastKeySql({ key, from }: KeyedTable): string {
  const names = key.map(({ name }) => name).join(', ');
  return `SELECT ${names} FROM ${from} ORDER BY ${key.map(({ name }) => `${name} DESC`).join(', ')} LIMIT 1`;
}

function literal(value: string, { key }: KeyedTable, index: number): string {
  return `${escapeLiteral(value)}::${key[index]?.type}`;
}
