import type { QueryResult } from 'pg';
import { type CommandIo, databaseUrlOf } from './command.js';
import { withDatabase } from './connect.js';

/** `walmq sql "UPDATE ..."`: runs one statement, for machines without psql; prints its rows or its command tag. */
export async function sqlCommand(io: CommandIo, statement: string): Promise<void> {
  const results = await withDatabase(databaseUrlOf(io), client => client.query(statement));
  for (const result of [results].flat() as QueryResult<Record<string, unknown>>[]) {
    for (const row of result.rows) io.print(JSON.stringify(row));
    io.print(`${result.command} ${result.rowCount ?? ''}`.trim());
  }
}
