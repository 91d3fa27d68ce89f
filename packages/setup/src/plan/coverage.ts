import { qualifiedName, sqlTable, type TableName } from '@walmq/change';
import { type PublicationFacts, publishes, unpublishedChildren } from '../read/publication.js';
import type { Partition, TableFacts } from '../read/tables.js';
import { needsNoMore } from './identity.js';
import { unpublishedOperations } from './publication-steps.js';
import type { SetupTable } from './step.js';

export type GapCode =
  | 'TABLE_MISSING'
  | 'TABLE_UNLOGGED'
  | 'TABLE_UNPUBLISHED'
  | 'CHILDREN_UNPUBLISHED'
  | 'OPERATIONS_UNPUBLISHED'
  | 'PARTITIONS_UNPUBLISHED'
  | 'FILTER_CHANGED'
  | 'OLD_ROWS_PARTIAL';

/** Changes that queues expect and that PostgreSQL does not send now, or sends with incomplete old rows. */
export interface Gap {
  readonly code: GapCode;
  /** Undefined if the gap concerns all tables that queues read. */
  readonly table?: TableName;
  /** True if changes are not sent; false if every change is sent, but with an incomplete old row. */
  readonly isLoss: boolean;
  /** A sentence without its full stop. */
  readonly what: string;
  readonly remedy: string;
}

/**
 * A table that queues read: what the queues require, and the facts of the catalog (undefined if the table is missing).
 */
export interface CoveredTable {
  readonly wanted: SetupTable;
  readonly found: TableFacts | undefined;
}

export const SETUP_THEN_BACKFILL =
  'Run "npx walmq setup"; changes made until then do not come: "npx walmq backfill" brings the rows as they are.';
const SETUP = 'Run "npx walmq setup".';
/** Maximum number of tables in one message. Nobody reads a longer list. */
const LISTED = 5;

/**
 * Compares the publication and the tables with what the queues expect. Empty if PostgreSQL sends every change with
 * a complete old row.
 */
export function gapsOf(publication: PublicationFacts, tables: readonly CoveredTable[]): Gap[] {
  // A missing table cannot be published either. Report it once.
  const there = tables.filter(({ found }) => found);
  return [
    ...tables.flatMap(tableGaps),
    ...there.flatMap(table => membershipGaps(publication, table)),
    ...wholeGaps(publication, tables),
  ];
}

/** Gaps of the publication: tables, operations and partitions that it does not send. */
export function publicationGaps(publication: PublicationFacts, tables: readonly CoveredTable[]): Gap[] {
  return [...tables.flatMap(table => membershipGaps(publication, table)), ...wholeGaps(publication, tables)];
}

function wholeGaps(publication: PublicationFacts, tables: readonly CoveredTable[]): Gap[] {
  return [...operationGaps(publication, tables), ...partitionGaps(publication, tables)];
}

function tableGaps({ wanted, found }: CoveredTable): Gap[] {
  const name = qualifiedName(wanted);
  if (!found)
    return [
      {
        code: 'TABLE_MISSING',
        table: wanted,
        isLoss: true,
        what: `there is no table ${name}: it was dropped or renamed, or is not there yet`,
        remedy: `Create it and run "npx walmq setup", or take it out of the queues in walmq.config.ts.`,
      },
    ];
  if (!found.logged)
    return [
      {
        code: 'TABLE_UNLOGGED',
        table: wanted,
        isLoss: true,
        what: `${name} is unlogged: its changes are not in the WAL`,
        remedy: `ALTER TABLE ${sqlTable(wanted)} SET LOGGED;`,
      },
    ];
  return [
    ...found.unsent.map(member => ({
      code: 'TABLE_UNLOGGED' as const,
      table: member,
      isLoss: true,
      what: `${qualifiedName(member)}, whose rows belong to ${name}, is ${member.why}: its changes are not in the WAL`,
      remedy:
        member.why === 'unlogged'
          ? `ALTER TABLE ${sqlTable(member)} SET LOGGED;`
          : 'Detach it, or take the table out of the queues in walmq.config.ts.',
    })),
    ...oldRowGaps({ wanted, found }),
  ];
}

/** Partitions and children without REPLICA IDENTITY FULL under a table that has it: the setting is not inherited. */
export function partialMembers({ wanted, found }: { wanted: SetupTable; found: TableFacts }): Partition[] {
  if (found.identity !== 'full' || needsNoMore(wanted, found)) return [];
  return [...found.partitions, ...found.children].filter(({ identity }) => identity !== 'full');
}

function oldRowGaps({ wanted, found }: { wanted: SetupTable; found: TableFacts }): Gap[] {
  const partial = partialMembers({ wanted, found });
  if (partial.length === 0) return [];
  const statements = partial
    .slice(0, LISTED)
    .map(member => `ALTER TABLE ${sqlTable(member)} REPLICA IDENTITY FULL;`);
  return [
    {
      code: 'OLD_ROWS_PARTIAL',
      table: wanted,
      isLoss: false,
      what: `${listed(partial)} of ${qualifiedName(wanted)} lack REPLICA IDENTITY FULL, which is not inherited: old rows come without what they do not log`,
      remedy: `Run "npx walmq setup", or ${statements.join(' ')}`,
    },
  ];
}

function membershipGaps(publication: PublicationFacts, { wanted, found }: CoveredTable): Gap[] {
  const { name } = publication;
  if (!publishes(publication, wanted))
    return [
      {
        code: 'TABLE_UNPUBLISHED',
        table: wanted,
        isLoss: true,
        what: `publication "${name}" does not hold ${qualifiedName(wanted)}: its changes do not come`,
        remedy: SETUP_THEN_BACKFILL,
      },
    ];
  const children = found ? unpublishedChildren(publication, found) : [];
  if (children.length === 0) return [];
  return [
    {
      code: 'CHILDREN_UNPUBLISHED',
      table: wanted,
      isLoss: true,
      what: `publication "${name}" does not hold ${listed(children)}, which inherits from ${qualifiedName(wanted)}: its changes do not come`,
      remedy: SETUP_THEN_BACKFILL,
    },
  ];
}

function operationGaps(publication: PublicationFacts, tables: readonly CoveredTable[]): Gap[] {
  const missing = unpublishedOperations(
    publication,
    tables.map(({ wanted }) => wanted),
  );
  if (missing.length === 0) return [];
  return [
    {
      code: 'OPERATIONS_UNPUBLISHED',
      isLoss: true,
      what: `publication "${publication.name}" does not publish ${missing.join(', ')}, which queues take`,
      remedy: `${SETUP} Or take them out of the queues' operations in walmq.config.ts.`,
    },
  ];
}

function partitionGaps(publication: PublicationFacts, tables: readonly CoveredTable[]): Gap[] {
  const partitioned = tables.flatMap(({ found }) => (found?.partitioned ? [found] : []));
  if (publication.viaRoot || partitioned.length === 0) return [];
  return [
    {
      code: 'PARTITIONS_UNPUBLISHED',
      isLoss: true,
      what: `publish_via_partition_root is false: changes of ${listed(partitioned)} come under the names of partitions, which no queue reads`,
      remedy: SETUP_THEN_BACKFILL,
    },
  ];
}

function listed(tables: readonly TableName[]): string {
  const names = tables.slice(0, LISTED).map(qualifiedName).join(', ');
  return tables.length > LISTED ? `${names} and ${tables.length - LISTED} more` : names;
}
