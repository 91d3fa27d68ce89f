import { qualifiedName, sqlIdentifier, WalmqError } from '@walmq/change';
import type { SetupFacts } from '../read/facts.js';
import {
  type Membership,
  type PublishedPart,
  type PublishedRelation,
  type RefusedWrites,
  refusalText,
  refusedWrites,
} from '../read/refused-writes.js';
import { membersOf, type TableFacts } from '../read/tables.js';
import { needsGenerated } from './identity.js';
import { unpublishedOperations } from './publication-steps.js';
import type { PlanInput } from './step.js';

const WHOLE: PublishedPart = { columns: null, filterColumns: null };

/** The published relations after set-up has created or changed its publication, with unchanged replica identities. */
export function publishedAfter(
  { publication, published, server }: SetupFacts,
  tables: readonly TableFacts[],
  input: PlanInput,
): PublishedRelation[] {
  const operations: readonly string[] = publication
    ? [...publication.operations, ...unpublishedOperations(publication, input.tables)]
    : ['update', 'delete'];
  const own = {
    name: input.publication,
    update: operations.includes('update'),
    delete: operations.includes('delete'),
    viaRoot: (publication?.viaRoot ?? true) || tables.some(({ partitioned }) => partitioned),
    publishesStored:
      publication?.generatedColumns === true || tables.some(table => needsGenerated(table, server.version)),
  };
  const wanted = new Set(tables.flatMap(table => membersOf(table).map(({ oid }) => oid)));
  return published.map(relation => {
    const others = relation.publications.filter(({ name }) => name !== own.name);
    const held = relation.publications.find(({ name }) => name === own.name);
    if (!held && !wanted.has(relation.oid)) return relation;
    const { alone, viaAncestor } = held ?? { alone: WHOLE, viaAncestor: WHOLE };
    const membership: Membership = { ...own, alone, viaAncestor };
    return { ...relation, publications: [...others, membership] };
  });
}

/** Writes that PostgreSQL accepts before set-up and would reject after it. */
export function newlyRefused(
  before: readonly PublishedRelation[],
  after: readonly PublishedRelation[],
  serverVersion: number,
): RefusedWrites[] {
  return after.flatMap(relation => {
    const was = before.find(({ oid }) => oid === relation.oid);
    const refused = new Set(
      was ? refusedWrites(was, serverVersion).flatMap(({ operations }) => operations) : [],
    );
    return refusedWrites(relation, serverVersion).flatMap(each => {
      const operations = each.operations.filter(operation => !refused.has(operation));
      return operations.length > 0 ? [{ ...each, operations }] : [];
    });
  });
}

/** The error instead of a step after which the application's own writes would fail. */
export function writesRefused([first, ...more]: readonly [RefusedWrites, ...RefusedWrites[]]): WalmqError {
  const others = more.length > 0 ? ` (and ${more.length} more)` : '';
  return new WalmqError(
    'SETUP_WRITES_REFUSED',
    `every ${first.operations.join(' and ')} on ${qualifiedName(first.relation)} would fail: ${refusalText(first)}${others}. Nothing was changed.`,
    { remedy: refusalRemedy(first) },
  );
}

/** The remedy that permits these writes, and so REPLICA IDENTITY FULL. */
export function refusalRemedy({ publication, why, relation }: RefusedWrites): string {
  const again = 'and run "npx walmq setup" again';
  switch (why) {
    case 'no-identity':
      return `Add a primary key to ${qualifiedName(relation)}, or take it out of publication "${publication}", ${again}.`;
    case 'column-list':
      return `Take the column list of ${qualifiedName(relation)} out of publication "${publication}", if its subscribers may see every column, ${again}.`;
    case 'row-filter':
      return `Let the row filter of publication "${publication}" use columns of the key of ${qualifiedName(relation)} only, ${again}.`;
    case 'generated-column':
      return `Make the generated columns of ${qualifiedName(relation)} STORED, run ALTER PUBLICATION ${sqlIdentifier(publication)} SET (publish_generated_columns = stored); if its subscribers may see them, ${again}.`;
  }
}
