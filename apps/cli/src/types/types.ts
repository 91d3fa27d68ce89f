import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { tableName } from '@walmq/change';
import { publishedTables } from '@walmq/config';
import { describe, printTables, readTables, type TableModel } from '@walmq/row-types';
import { type Command, Option } from 'commander';
import { type CommandIo, configOf, databaseUrlOf, EXIT } from '../terminal/command.js';
import { withDatabase } from '../terminal/connect.js';
import { examples, type Host } from '../terminal/help.js';
import { bareTypes } from './bare-types.js';
import { driftLines } from './drift-lines.js';
import { readDescriptions } from './read-descriptions.js';

interface TypesCommandOptions {
  /** Path of the file for the types. */
  readonly out: string;
  /** Print the differences between database and file, and write nothing. */
  readonly check?: boolean;
  /** Print the catalog's description, and write nothing. */
  readonly json?: boolean;
}

export function addTypes(program: Command, { io, exit }: Host): void {
  program
    .command('types')
    .description('write the row types of the configured tables; with --check exit code 1 on any drift')
    .option('--out <file>', 'the TypeScript file', 'src/walmq-tables.ts')
    .addOption(
      new Option('--check', 'print the differences to the database, and write nothing').conflicts('json'),
    )
    .option('--json', 'print the description of the tables, and write nothing')
    .addHelpText(
      'after',
      examples(
        ['walmq types --out src/walmq-tables.ts', 'after every migration'],
        ['walmq types --check', 'in continuous integration'],
        [`walmq types --json | jq '.[].columns'`, 'output for a program'],
      ),
    )
    .action(async (options: TypesCommandOptions) => exit(await typesCommand(io, options)));
}

/** `walmq types`: writes or checks the row types of the configured tables. Resolves to the exit code. */
async function typesCommand(io: CommandIo, options: TypesCommandOptions): Promise<number> {
  const config = await configOf(io);
  const models = await withDatabase(databaseUrlOf(io, config), client =>
    readTables(client, { tables: publishedTables(config), publication: config.source.publication }),
  );
  if (options.json) {
    io.print(JSON.stringify(models, null, 2));
    return EXIT.ok;
  }
  return options.check
    ? await checkTypes(io, options.out, models)
    : await writeTypes(io, options.out, models);
}

async function writeTypes(io: CommandIo, file: string, models: readonly TableModel[]): Promise<number> {
  const text = printTables(models);
  const tables = `${models.length} table${models.length === 1 ? '' : 's'}`;
  if ((await textOf(file)) === text) {
    io.print(`ok       ${file}: ${tables}, as they were`);
    return EXIT.ok;
  }
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
  io.print(`done     ${file}: ${tables}`);
  return EXIT.ok;
}

async function checkTypes(io: CommandIo, file: string, models: readonly TableModel[]): Promise<number> {
  const text = await textOf(file);
  if (text === undefined) {
    io.printError(`${file} is missing: write it with "walmq types --out ${file}".`);
    return EXIT.failed;
  }
  if (bareTypes(text) === bareTypes(printTables(models))) {
    io.print(`ok       ${file}: nothing has drifted`);
    return EXIT.ok;
  }
  const found = Object.fromEntries(models.map(model => [tableName(model), describe(model)]));
  const lines = driftLines(await readDescriptions(file), found);
  for (const line of lines) io.print(`drifted  ${line}`);
  if (lines.length === 0)
    io.print(`drifted  ${file}: comments, SQL types or code that is not as it was written`);
  io.printError(`Run "walmq types --out ${file}" and see to the code that no longer compiles.`);
  return EXIT.failed;
}

/** The file's text. Undefined if the file does not exist. */
async function textOf(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
