import { qualifiedName } from '@walmq/change';
import {
  type CoveredTable,
  type Gap,
  type GapCode,
  type PublicationFacts,
  publicationGaps,
} from '@walmq/setup';
import { type Check, type CheckName, error, ok, warning } from '../check.js';

/** Checks that the publication contains every table and operation that queues read. */
export function publicationChecks(
  publication: PublicationFacts | undefined,
  { name, tables }: { name: string; tables: readonly CoveredTable[] },
): Check[] {
  if (!publication)
    return [error('publication', `there is no publication "${name}"`, 'Run "npx walmq setup".')];
  const gaps = publicationGaps(publication, tables);
  return [
    existenceCheck(publication),
    ...gapChecks('published-tables', gaps, `it holds all ${tables.length} tables that queues read`),
    ...gapChecks('published-operations', gaps, `it publishes ${publication.operations.join(', ')}`),
    ...partitionChecks(gaps, tables),
    ...filterChecks(publication, tables),
  ];
}

const CHECK_OF: Readonly<Partial<Record<GapCode, CheckName>>> = {
  TABLE_UNPUBLISHED: 'published-tables',
  CHILDREN_UNPUBLISHED: 'published-tables',
  OPERATIONS_UNPUBLISHED: 'published-operations',
  PARTITIONS_UNPUBLISHED: 'published-partitions',
};

/** The results of one check: one for each of its gaps, or `ok` without a gap. */
function gapChecks(check: CheckName, gaps: readonly Gap[], allIsWell: string): Check[] {
  const found = gaps.filter(({ code }) => CHECK_OF[code] === check);
  if (found.length === 0) return [ok(check, allIsWell)];
  return found.map(({ what, remedy }) => error(check, what, remedy));
}

function existenceCheck({ name, allTables }: PublicationFacts): Check {
  if (!allTables) return ok('publication', `publication "${name}" exists`);
  return warning(
    'publication',
    `publication "${name}" is FOR ALL TABLES: UPDATE and DELETE fail on every table without a replica identity`,
    'Drop it and run "npx walmq setup" for one with the configured tables only.',
  );
}

function partitionChecks(gaps: readonly Gap[], tables: readonly CoveredTable[]): Check[] {
  const partitioned = tables
    .filter(({ found }) => found?.partitioned)
    .map(({ wanted }) => qualifiedName(wanted));
  if (partitioned.length === 0) return [];
  return [
    ...gapChecks('published-partitions', gaps, `partitions come as ${partitioned.join(', ')}`),
    warning(
      'published-partitions',
      `${partitioned.join(', ')}: rows that come or go with a partition (ATTACH, DETACH, DROP or TRUNCATE of one) bring no changes`,
      'After ATTACH of a partition with rows run "npx walmq backfill"; before DETACH, DROP or TRUNCATE of one, DELETE its rows where workers must see them go.',
    ),
  ];
}

function filterChecks(publication: PublicationFacts, tables: readonly CoveredTable[]): Check[] {
  const names = tables.map(({ wanted }) => qualifiedName(wanted));
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
