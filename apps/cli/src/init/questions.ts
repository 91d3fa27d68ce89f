import { type CodedError, type TableName, tableName } from '@walmq/change';
import { tableLines } from '../terminal/table.js';
import type { CandidateTable } from './look/candidate-tables.js';
import { chooseTables } from './look/describe-tables.js';
import { wantedTables } from './look/wanted-tables.js';

/** A terminal on which to ask. */
export interface Terminal {
  readonly ask: (question: string) => Promise<string>;
  readonly print: (line: string) => void;
}

export async function askYesNo({ ask }: Terminal, question: string, fallback: boolean): Promise<boolean> {
  const answer = (await ask(`${question} (${fallback ? 'Y/n' : 'y/N'}) `)).trim().toLowerCase();
  return answer === '' ? fallback : answer.startsWith('y');
}

/** Shows the tables and asks until the answer names some of them. */
export async function askTables(
  terminal: Terminal,
  candidates: readonly CandidateTable[],
): Promise<CandidateTable[]> {
  const shown = candidates.filter(({ ofMigrations }) => !ofMigrations);
  terminal.print('Tables of the database:');
  for (const line of candidateLines(shown)) terminal.print(`  ${line}`);
  return await askUntil(
    terminal,
    'Tables to capture (numbers or names, with commas between them): ',
    answer =>
      chooseTables(
        wantedTables(answer, undefined).map(name => numbered(name, shown) ?? name),
        candidates,
      ),
  );
}

/** Asks for names of tables that do not exist yet. */
export async function askTableNames(terminal: Terminal, schema: string | undefined): Promise<TableName[]> {
  return await askUntil(terminal, 'Tables to capture (names, with commas between them): ', answer =>
    wantedTables(answer, schema),
  );
}

/** The servers for development. */
export type Servers = 'own' | 'embedded' | 'docker';

export async function askServers(terminal: Terminal): Promise<Servers> {
  terminal.print('PostgreSQL and Redis for development:');
  terminal.print('  1  my own, by DATABASE_URL and REDIS_URL');
  terminal.print('  2  embedded: the development dependency @walmq/embedded, which "walmq dev" starts');
  terminal.print('  3  Docker: a compose.yaml with both');
  const servers = await askUntil(terminal, 'Which? (1) ', answer => {
    const number = answer.trim() === '' ? 1 : Number(answer);
    return (['own', 'embedded', 'docker'] as const).filter((_, index) => index + 1 === number);
  });
  return servers[0] as Servers;
}

export function candidateLines(candidates: readonly CandidateTable[]): string[] {
  const rows = candidates.map((table, index) => [
    index + 1,
    tableName(table),
    table.key.length > 0 ? table.key.join(', ') : 'none: one change after the other',
    table.size,
  ]);
  return tableLines(['', 'table', 'key', 'size'], rows);
}

/** Asks again while the answer yields nothing or an error with a code. */
async function askUntil<T>(
  { ask, print }: Terminal,
  question: string,
  parse: (answer: string) => T[],
): Promise<T[]> {
  for (;;) {
    const answer = await ask(question);
    try {
      const parsed = parse(answer);
      if (parsed.length > 0) return parsed;
    } catch (error) {
      if (!('sentence' in Object(error))) throw error;
      print((error as CodedError).sentence);
    }
  }
}

/** The table with the number that the answer gives in place of a name. */
function numbered({ table }: TableName, shown: readonly CandidateTable[]): TableName | undefined {
  return /^\d+$/.test(table) ? shown[Number(table) - 1] : undefined;
}
