import { qualifiedName, sqlTable, type TableName } from '@walmq/change';
import { escapeIdentifier, escapeLiteral } from 'pg';
import type { SetupFacts } from '../read/facts.js';
import {
  PUBLISHABLE,
  type PublicationFacts,
  type PublishedOperation,
  publishes,
  unpublishedChildren,
} from '../read/publication.js';
import { type Pipeline, recordSql } from '../read/record.js';
import type { Server } from '../read/server.js';
import type { TableFacts } from '../read/tables.js';
import { needsGenerated } from './identity.js';
import type { PlanInput, RunStep, SetupStep, SetupTable } from './step.js';

/** Creates the publication that the configuration names, or adds the tables and operations that the queues read. */
export function publicationSteps(
  { publication, server }: SetupFacts,
  tables: readonly TableFacts[],
  input: PlanInput,
): SetupStep[] {
  if (!publication) return [createPublication(input, tables, server)];
  const name = escapeIdentifier(publication.name);
  const grant = { tables, publication: publication.name };
  const alter = (what: string, sql: string, recordAfter: string): RunStep => ({
    status: 'run',
    what,
    sql,
    recordAfter,
    grant,
    waitsFor: tables,
  });
  const steps: SetupStep[] = tables
    // ADD TABLE also adds the tables that inherit from the added table at that time.
    .flatMap((table): readonly TableName[] =>
      publishes(publication, table) ? unpublishedChildren(publication, table) : [table],
    )
    .map(table =>
      alter(
        `add ${qualifiedName(table)} to publication "${publication.name}"`,
        unless(membership(publication.name, table), `ALTER PUBLICATION ${name} ADD TABLE ${sqlTable(table)}`),
        recordSql(input, 'member', { table }),
      ),
    );
  const unpublished = unpublishedOperations(publication, input.tables);
  if (unpublished.length > 0) {
    const all = PUBLISHABLE.filter(
      operation => publication.operations.includes(operation) || unpublished.includes(operation),
    );
    steps.push(
      alter(
        `let publication "${publication.name}" publish ${unpublished.join(', ')} too`,
        `ALTER PUBLICATION ${name} SET (publish = '${all.join(', ')}');`,
        recordSql(input, 'publish', {
          before: `'${publication.operations.join(', ')}'`,
          after: escapeLiteral(`'${all.join(', ')}'`),
        }),
      ),
    );
  }
  // Otherwise PostgreSQL sends a partition's changes under the partition's name, which no queue reads.
  if (!publication.viaRoot && tables.some(({ partitioned }) => partitioned))
    steps.push(
      alter(
        `let publication "${publication.name}" publish partitions as their table`,
        `ALTER PUBLICATION ${name} SET (publish_via_partition_root = true);`,
        recordSql(input, 'publish_via_partition_root', { before: 'false', after: `'true'` }),
      ),
    );
  const filtered = publication.filteredTables.filter(table => tables.map(qualifiedName).includes(table));
  return [...describePublication(publication), ...steps, ...filtered.map(filterWarning)];
}

/**
 * Publishes STORED generated columns. Must precede REPLICA IDENTITY FULL: with FULL, UPDATE fails until these columns are
 * published.
 */
export function generatedSteps(
  { publication, server }: SetupFacts,
  tables: readonly TableFacts[],
  pipeline: Pipeline,
): SetupStep[] {
  const needing = tables.filter(table => needsGenerated(table, server.version));
  if (publication?.generatedColumns !== false || needing.length === 0) return [];
  return [
    {
      status: 'run',
      what: `let publication "${publication.name}" publish the STORED generated columns of ${needing.map(qualifiedName).join(', ')}`,
      sql: `ALTER PUBLICATION ${escapeIdentifier(publication.name)} SET (publish_generated_columns = stored);`,
      recordAfter: recordSql(pipeline, 'publish_generated_columns', { before: 'none', after: `'stored'` }),
      grant: { tables: [], publication: publication.name },
      waitsFor: tables,
    },
  ];
}

/** Operations that a queue takes and that the publication does not publish. */
export function unpublishedOperations(
  { operations }: PublicationFacts,
  wanted: readonly SetupTable[],
): PublishedOperation[] {
  const wants = (operation: string) =>
    wanted.some(
      ({ routes = [] }) =>
        routes.length === 0 || routes.some(route => route.operations?.has(operation) ?? true),
    );
  return PUBLISHABLE.filter(operation => wants(operation) && !operations.includes(operation));
}

function createPublication(
  input: PlanInput,
  tables: readonly TableFacts[],
  { database, role, version }: Server,
): RunStep {
  const { publication } = input;
  const name = escapeIdentifier(publication);
  const generated = tables.some(table => needsGenerated(table, version))
    ? ', publish_generated_columns = stored'
    : '';
  return {
    status: 'run',
    what: `create publication "${publication}" ${tables.length > 0 ? `for ${tables.map(qualifiedName).join(', ')}` : 'without tables: logical messages need none'}`,
    // Named tables only: with FOR ALL TABLES, UPDATE would fail on every table without a replica identity.
    sql: unless(
      `SELECT FROM pg_publication WHERE pubname = ${escapeLiteral(publication)}`,
      `CREATE PUBLICATION ${name}${tables.length > 0 ? ` FOR TABLE ${tables.map(sqlTable).join(', ')}` : ''} WITH (publish_via_partition_root = true${generated})`,
    ),
    recordAfter: recordSql(input, 'publication', {
      after: `(SELECT oid::text FROM pg_publication WHERE pubname = ${escapeLiteral(publication)})`,
    }),
    grant: `Run GRANT CREATE ON DATABASE ${escapeIdentifier(database)} TO ${escapeIdentifier(role)}; and GRANT the owners of the tables TO it.`,
    waitsFor: tables,
  };
}

function describePublication(publication: PublicationFacts): SetupStep[] {
  if (!publication.allTables) return [{ status: 'ok', what: `publication "${publication.name}" exists` }];
  return [
    {
      status: 'warning',
      what:
        `publication "${publication.name}" is FOR ALL TABLES and is kept: UPDATE and DELETE fail on every table of ` +
        'the database that has no replica identity',
      remedy: 'Drop it and run "npx walmq setup" again for one with the configured tables only.',
    },
  ];
}

function filterWarning(table: string): SetupStep {
  return {
    status: 'warning',
    what: `the publication has a row filter or a column list for ${table}, and is kept: what it leaves out never comes`,
    remedy: 'Drop the table from the publication and run "npx walmq setup" again, unless that is meant.',
  };
}

/** Runs a statement only if the query returns no row. For statements without IF NOT EXISTS. */
function unless(query: string, statement: string): string {
  const quote = quoteAround(`${query}${statement}`);
  return `DO ${quote} BEGIN
  IF NOT EXISTS (${query}) THEN
    ${statement};
  END IF;
END ${quote};`;
}

/** A dollar quote that does not occur in the text. Names may contain any character. */
function quoteAround(text: string): string {
  let quote = '$walmq$';
  while (text.includes(quote)) quote = `${quote.slice(0, -1)}_$`;
  return quote;
}

function membership(publication: string, table: TableName): string {
  return (
    'SELECT FROM pg_publication_rel r JOIN pg_publication p ON p.oid = r.prpubid ' +
    `WHERE p.pubname = ${escapeLiteral(publication)} AND r.prrelid = ${escapeLiteral(sqlTable(table))}::regclass`
  );
}
