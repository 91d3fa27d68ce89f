import {
  type PublicationFacts,
  publishes,
  type SetupTable,
  type TableFacts,
  tableText,
  unpublishedOperations,
} from '@walmq/replication';
import { type Check, error, ok, warning } from './check.js';

const SETUP = 'Run "npx walmq setup".';

/** Does the publication hold all that the queues read? `tables`: those of `wanted` that there are. */
export function publicationChecks(
  publication: PublicationFacts | undefined,
  { name, wanted, tables }: { name: string; wanted: readonly SetupTable[]; tables: readonly TableFacts[] },
): Check[] {
  if (!publication) return [error('publication', `there is no publication "${name}"`, SETUP)];
  return [
    existenceCheck(publication),
    tablesCheck(publication, wanted),
    operationsCheck(publication, wanted),
    ...partitionCheck(publication, tables),
    ...filterChecks(publication, wanted),
  ];
}

function existenceCheck({ name, allTables }: PublicationFacts): Check {
  if (!allTables) return ok('publication', `publication "${name}" exists`);
  return warning(
    'publication',
    `publication "${name}" is FOR ALL TABLES: UPDATE and DELETE fail on every table without a replica identity`,
    'Drop it and run "npx walmq setup" for one with the configured tables only.',
  );
}

function tablesCheck(publication: PublicationFacts, wanted: readonly SetupTable[]): Check {
  const missing = wanted.filter(table => !publishes(publication, table)).map(tableText);
  if (missing.length === 0)
    return ok('published-tables', `it holds all ${wanted.length} tables that queues read`);
  return error('published-tables', `it does not hold ${missing.join(', ')}: their changes never come`, SETUP);
}

function operationsCheck(publication: PublicationFacts, wanted: readonly SetupTable[]): Check {
  const missing = unpublishedOperations(publication, wanted);
  if (missing.length === 0)
    return ok('published-operations', `it publishes ${publication.operations.join(', ')}`);
  return error(
    'published-operations',
    `it does not publish ${missing.join(', ')}, which queues take`,
    `${SETUP} Or take them out of the queues' operations in walmq.config.ts.`,
  );
}

function partitionCheck(publication: PublicationFacts, tables: readonly TableFacts[]): Check[] {
  const partitioned = tables.filter(table => table.partitioned).map(tableText);
  if (partitioned.length === 0) return [];
  if (publication.viaRoot)
    return [ok('published-partitions', `partitions come as ${partitioned.join(', ')}`)];
  return [
    error(
      'published-partitions',
      `publish_via_partition_root is false: changes of ${partitioned.join(', ')} come under the names of partitions, which no queue reads`,
      SETUP,
    ),
  ];
}

function filterChecks(publication: PublicationFacts, wanted: readonly SetupTable[]): Check[] {
  const names = wanted.map(tableText);
  return publication.filteredTables
    .filter(table => names.includes(table))
    .map(table =>
      warning(
        'published-tables',
        `${table} is published with a row filter or a column list: what it leaves out never comes`,
        'Unless that is meant: drop the table from the publication and run "npx walmq setup".',
      ),
    );
}
