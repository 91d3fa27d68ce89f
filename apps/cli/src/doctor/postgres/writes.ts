import { qualifiedName } from '@walmq/change';
import {
  membersOf,
  type PublishedRelation,
  type RefusedWrites,
  refusalRemedy,
  refusalText,
  refusedWrites,
  type TableFacts,
} from '@walmq/setup';
import { type Check, error, ok } from '../check.js';

/**
 * Checks that no publication makes UPDATE or DELETE fail on a table that queues read or that the publication contains.
 */
export function writeChecks(published: readonly PublishedRelation[], serverVersion: number): Check[] {
  const refused = published.flatMap(relation => refusedWrites(relation, serverVersion));
  if (refused.length === 0) return [ok('writes', 'no publication makes UPDATE or DELETE fail')];
  return refused.map(each =>
    error(
      'writes',
      `every ${each.operations.join(' and ')} on ${qualifiedName(each.relation)} fails: ${refusalText(each)}`,
      refusalRemedy(each),
    ),
  );
}

/** The first writes that PostgreSQL would reject if the table and its members had REPLICA IDENTITY FULL. */
export function refusedUnderFull(
  table: TableFacts,
  published: readonly PublishedRelation[],
  serverVersion: number,
): RefusedWrites | undefined {
  const oids = membersOf(table).map(({ oid }) => oid);
  return published
    .filter(({ oid }) => oids.includes(oid))
    .flatMap(relation => refusedWrites({ ...relation, identity: 'full' }, serverVersion))[0];
}
