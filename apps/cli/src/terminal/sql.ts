import type { Command } from 'commander';
import type { QueryResult } from 'pg';
import { type CommandIo, databaseUrlOf } from './command.js';
import { withDatabase } from './connect.js';
import { examples, type Host } from './help.js';

export function addSql(program: Command, { io }: Host): void {
  program
    .command('sql')
    .description('run one SQL statement, if you have no psql')
    .argument('<statement>', 'the statement, quoted for the shell')
    .addHelpText(
      'after',
      examples([`walmq sql "UPDATE orders SET status = 'paid' WHERE id = 1"`, 'make a change']),
    )
    .action((statement: string) => sqlCommand(io, statement));
}

/** `walmq sql "UPDATE ..."`: runs one statement on machines without psql. Prints its rows or its command tag. */
async function sqlCommand(io: CommandIo, statement: string): Promise<void> {
  const results = await withDatabase(databaseUrlOf(io), client => client.query(statement));
  for (const result of [results].flat() as QueryResult<Record<string, unknown>>[]) {
    for (const row of result.rows) io.print(JSON.stringify(row));
    io.print(`${result.command} ${result.rowCount ?? ''}`.trim());
  }
}
