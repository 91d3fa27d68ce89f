import { type TableName, WalmqError } from '@walmq/change';
import { withDatabase } from '../terminal/connect.js';
import { type CandidateTable, candidateTables } from './look/candidate-tables.js';
import { findDatabaseUrl } from './look/database-url.js';
import { chooseTables, describeTables } from './look/describe-tables.js';
import { wantedTables } from './look/wanted-tables.js';
import type { ChosenTable } from './plan/answers.js';
import { askTableNames, askTables, type Terminal } from './questions.js';

export interface TableOptions {
  readonly folder: string;
  /** Value of DATABASE_URL. */
  readonly env: string | undefined;
  readonly tables?: string | undefined;
  readonly schema?: string | undefined;
  readonly databaseUrl?: string | undefined;
  /** False: no database is asked, and the types are provisional. */
  readonly database: boolean;
}

const DEFAULT_PUBLICATION = 'walmq';

/**
 * The tables to capture: from the database, if there is one, by option or question. Rejects with ENVIRONMENT_INVALID,
 * OPTION_MISSING, TABLE_MISSING or an error of the connection.
 */
export async function findTables(
  options: TableOptions,
  terminal: Terminal | undefined,
): Promise<ChosenTable[]> {
  const wanted = options.tables === undefined ? undefined : wantedTables(options.tables, options.schema);
  const found = options.database
    ? await findDatabaseUrl(options.folder, { option: options.databaseUrl, env: options.env })
    : undefined;
  const url = found?.url ?? (await askUrl(options, terminal));
  if (url !== undefined) return await fromDatabase(url, { wanted, schema: options.schema }, terminal);
  const names = wanted ?? (terminal && (await askTableNames(terminal, options.schema)));
  if (names && names.length > 0) return names.map(name => ({ ...name, model: undefined }));
  if (!options.database) throw tablesUnnamed('the option --no-database needs names of tables.');
  throw new WalmqError(
    'ENVIRONMENT_INVALID',
    'DATABASE_URL is not set, so there are no tables to choose from.',
    {
      remedy: 'Set it to the database, or name the tables: --tables orders',
    },
  );
}

async function askUrl(options: TableOptions, terminal: Terminal | undefined): Promise<string | undefined> {
  if (!options.database || !terminal || options.tables !== undefined) return undefined;
  const url = await terminal.ask(
    'URL of the database, e.g. postgres://user:password@localhost:5432/shop (empty: none yet): ',
  );
  return url.trim() || undefined;
}

async function fromDatabase(
  url: string,
  {
    wanted,
    schema,
  }: { readonly wanted: readonly TableName[] | undefined; readonly schema: string | undefined },
  terminal: Terminal | undefined,
): Promise<ChosenTable[]> {
  return await withoutDatabase(() =>
    withDatabase(url, async client => {
      const all = await candidateTables(client);
      const candidates = all.filter(table => schema === undefined || table.schema === schema);
      const chosen = wanted ? chooseTables(wanted, all) : await chooseFrom(candidates, terminal);
      return await describeTables(client, chosen, DEFAULT_PUBLICATION);
    }),
  );
}

async function chooseFrom(
  candidates: readonly CandidateTable[],
  terminal: Terminal | undefined,
): Promise<readonly CandidateTable[]> {
  const usual = candidates.filter(({ ofMigrations }) => !ofMigrations);
  if (usual.length === 0)
    throw new WalmqError('TABLE_MISSING', 'the database has no table whose changes could be captured.', {
      remedy: 'Create one, or name a table that is still to come: --no-database --tables orders',
    });
  if (terminal) return await askTables(terminal, candidates);
  if (usual.length === 1) return usual;
  throw tablesUnnamed(`the database has ${usual.length} tables.`);
}

function tablesUnnamed(fact: string): WalmqError {
  return new WalmqError('OPTION_MISSING', fact, {
    remedy: 'Name those to capture: --tables orders,"order items"',
  });
}

/** Adds to an error of the connection that a database is not needed. */
async function withoutDatabase<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof WalmqError) || !error.code.startsWith('DATABASE_')) throw error;
    throw new WalmqError(error.code, error.message, {
      remedy: `${error.remedy ?? ''} To go on without a database: --no-database --tables orders`.trim(),
      cause: error,
    });
  }
}
