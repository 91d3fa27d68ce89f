import { qualifiedName, sqlTable } from '@walmq/change';
import type { SetupFacts } from '../read/facts.js';
import { type Pipeline, recordIdentitySql } from '../read/record.js';
import { type PublishedRelation, refusalText } from '../read/refused-writes.js';
import { membersOf, type ReplicaIdentity, type TableFacts } from '../read/tables.js';
import { uncoveredOrder } from './check.js';
import { identityOf, needsNoMore } from './identity.js';
import type { SetupStep, SetupTable } from './step.js';
import { newlyRefused, refusalRemedy, writesRefused } from './writes.js';

/**
 * Sets the replica identity of a table, its partitions and its children. PostgreSQL logs rows by the identity of the
 * partition and describes them by the identity of the root. If writes would fail under the wanted identity because of
 * another publication, all of these relations keep their identity.
 * Throws SETUP_WRITES_REFUSED if the present identity is not enough, and SETUP_TABLE_GENERATED.
 */
export function identitySteps(
  table: TableFacts,
  wanted: SetupTable,
  {
    facts: { published: before, server },
    after,
    pipeline,
  }: {
    readonly facts: SetupFacts;
    readonly after: readonly PublishedRelation[];
    readonly pipeline: Pipeline;
  },
): SetupStep[] {
  const { version } = server;
  const members = membersOf(table);
  const own = after.filter(relation => members.some(({ oid }) => oid === relation.oid));
  const [refusedAsIs, ...more] = newlyRefused(before, own, version);
  if (needsNoMore(wanted, table)) {
    if (refusedAsIs) throw writesRefused([refusedAsIs, ...more]);
    const what = `${qualifiedName(table)}: REPLICA IDENTITY ${table.identity.toUpperCase()}, enough for events`;
    return [{ status: 'ok', what }];
  }
  const identity = identityOf(table, version);
  const isChanged = (is: ReplicaIdentity) => is !== identity && !(identity === 'default' && is === 'index');
  const changed = own.map(relation => (isChanged(relation.identity) ? { ...relation, identity } : relation));
  const [refused, ...others] = newlyRefused(before, changed, version);
  if (refused) {
    const covers = (wanted.routes ?? []).every(route => uncoveredOrder(route, table).length === 0);
    if (refusedAsIs || !covers) throw writesRefused([refused, ...others]);
    return [
      {
        status: 'warning',
        what: `${qualifiedName(table)} keeps REPLICA IDENTITY ${table.identity.toUpperCase()}, so that handlers see no old values: with ${identity.toUpperCase()} every ${refused.operations.join(' and ')} on ${qualifiedName(refused.relation)} would fail, because ${refusalText(refused)}`,
        remedy: refusalRemedy(refused),
      },
    ];
  }
  const name = identity.toUpperCase();
  const steps: SetupStep[] = members
    .filter(({ identity: is }) => isChanged(is))
    .map(relation => ({
      status: 'run',
      what: `set REPLICA IDENTITY ${name} on ${qualifiedName(relation)} (it is ${relation.identity.toUpperCase()})`,
      sql: `ALTER TABLE ${sqlTable(relation)} REPLICA IDENTITY ${name};`,
      recordBefore: recordIdentitySql(pipeline, relation, name),
      grant: { tables: [relation] },
      waitsFor: [relation],
    }));
  if (identity === 'default')
    steps.push({
      status: 'warning',
      what: `${qualifiedName(table)} has a VIRTUAL generated column, with which PostgreSQL refuses UPDATE and DELETE under REPLICA IDENTITY FULL: handlers see no old values of it`,
      remedy: 'Make the column STORED, where handlers need them.',
    });
  if (steps.length > 0) return steps;
  const kind = table.partitioned ? 'partitions' : 'children';
  const partitions = members.length > 1 ? ` and its ${members.length - 1} ${kind}` : '';
  return [{ status: 'ok', what: `${qualifiedName(table)}${partitions}: REPLICA IDENTITY FULL` }];
}
