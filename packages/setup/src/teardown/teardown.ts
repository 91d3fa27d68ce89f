import { qualifiedName, sqlTable, type TableName, WalmqError } from '@walmq/change';
import { foreignKind, readSlot } from '@walmq/replication';
import { type ClientBase, escapeIdentifier, escapeLiteral } from 'pg';
import { newlyRefused } from '../plan/writes.js';
import { readPublished } from '../read/published.js';
import {
  type Pipeline,
  readIdentity,
  readOtherPipelines,
  readRecords,
  type SetupChange,
  type SetupRecord,
} from '../read/record.js';
import { type PublishedRelation, refusalText } from '../read/refused-writes.js';
import { readServer } from '../read/server.js';

/** A step of teardown: an imperative clause ("drop slot ...") and its SQL. */
export interface TeardownStep {
  readonly what: string;
  readonly sql: string;
}

export interface TeardownPlan {
  /** Steps that undo what set-up created or changed for this pipeline only. */
  readonly steps: readonly TeardownStep[];
  /** Objects that stay, each with the reason. */
  readonly kept: readonly string[];
  /** Steps that teardown does not run because no record proves that set-up created the object. */
  readonly left: readonly TeardownStep[];
}

/**
 * The steps that remove a pipeline from a database: everything that set-up recorded for this slot and publication, and
 * nothing else. The slot is dropped first, because it retains WAL. Rejects with SLOT_BUSY while a capture reads the slot,
 * and with AUDIT_LOG_HELD while the schema holds an audit log with rows.
 *
 * `ownTables`: names of the tables that walmq creates in its schema. If the schema holds any other table, it stays.
 */
export async function planTeardown(
  client: ClientBase,
  pipeline: Pipeline,
  ownTables: readonly string[],
): Promise<TeardownPlan> {
  const scene: Scene = {
    client,
    pipeline,
    ownTables,
    records: await readRecords(client, pipeline),
    others: await readOtherPipelines(client, pipeline),
  };
  const slot = await slotPlan(scene);
  const publication = await publicationPlan(scene);
  const identities = await identityPlan(scene, publication.steps.length > 0);
  return join([
    slot,
    // Identities are restored before the publication is dropped if no write fails in between.
    { ...EMPTY, steps: identities.early },
    publication,
    { ...identities.plan, steps: identities.plan.steps },
    await schemaPlan(scene),
  ]);
}

interface Scene {
  readonly client: ClientBase;
  readonly pipeline: Pipeline;
  readonly ownTables: readonly string[];
  readonly records: readonly SetupRecord[];
  readonly others: readonly Pipeline[];
}

const EMPTY: TeardownPlan = { steps: [], kept: [], left: [] };

function join(plans: readonly TeardownPlan[]): TeardownPlan {
  return {
    steps: plans.flatMap(({ steps }) => steps),
    kept: plans.flatMap(({ kept }) => kept),
    left: plans.flatMap(({ left }) => left),
  };
}

/** Rejects with TEARDOWN_FAILED. Waits 10 s at most: a queued table lock makes all later sessions wait as well. */
export async function runTeardownStep(client: ClientBase, { what, sql }: TeardownStep): Promise<void> {
  try {
    await client.query(`SET lock_timeout = '10s'`);
    await client.query(sql);
  } catch (cause) {
    throw new WalmqError('TEARDOWN_FAILED', `could not ${what}: ${(cause as Error).message}.`, {
      remedy:
        'Repair the cause, with a role that has the privilege, and run the command again: it continues where it stopped.',
      cause,
    });
  }
}

function has(records: readonly SetupRecord[], change: SetupChange): boolean {
  return records.some(each => each.change === change);
}

/** Slots belong to the whole server. A slot of this name that is not walmq's stays. */
async function slotPlan({ client, pipeline: { slot }, records }: Scene): Promise<TeardownPlan> {
  const found = await readSlot(client, slot);
  if (!found) return EMPTY;
  const foreign = foreignKind(found, (await readServer(client)).database);
  if (foreign !== undefined) return { ...EMPTY, kept: [`slot "${slot}": it is ${foreign}`] };
  if (found.active)
    throw new WalmqError('SLOT_BUSY', `a capture is reading slot "${slot}".`, { remedy: 'Stop it first.' });
  const step = {
    what: `drop slot "${slot}"`,
    sql: `SELECT pg_drop_replication_slot(${escapeLiteral(slot)});`,
  };
  return has(records, 'slot') ? { ...EMPTY, steps: [step] } : { ...EMPTY, left: [step] };
}

async function publicationPlan({ client, pipeline, records, others }: Scene): Promise<TeardownPlan> {
  const name = pipeline.publication;
  const { rows } = await client.query<{ oid: string }>(
    'SELECT oid::text AS oid FROM pg_publication WHERE pubname = $1',
    [name],
  );
  const [found] = rows;
  if (!found) return EMPTY;
  const reader = others.find(({ publication }) => publication === name);
  if (reader) return { ...EMPTY, kept: [`publication "${name}": slot "${reader.slot}" reads it too`] };
  const drop = { what: `drop publication "${name}"`, sql: `DROP PUBLICATION ${escapeIdentifier(name)};` };
  if (records.some(({ change, after }) => change === 'publication' && after === found.oid))
    return { ...EMPTY, steps: [drop] };
  return { ...EMPTY, steps: await memberSteps(client, name, records), left: [drop] };
}

const OPTIONS: readonly SetupChange[] = [
  'publish',
  'publish_via_partition_root',
  'publish_generated_columns',
];

/** For a publication that existed before set-up: removes the tables that set-up added and restores its options. */
async function memberSteps(
  client: ClientBase,
  publication: string,
  records: readonly SetupRecord[],
): Promise<TeardownStep[]> {
  const name = escapeIdentifier(publication);
  const { rows } = await client.query<TableName>(
    `SELECT n.nspname AS schema, c.relname AS "table" FROM pg_publication_rel r JOIN pg_publication p ON p.oid = r.prpubid
       JOIN pg_class c ON c.oid = r.prrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE p.pubname = $1`,
    [publication],
  );
  const members = new Set(rows.map(qualifiedName));
  return [
    ...records
      .filter(record => record.change === 'member' && members.has(qualifiedName(record)))
      .map(record => ({
        what: `take ${qualifiedName(record)} out of publication "${publication}"`,
        sql: `ALTER PUBLICATION ${name} DROP TABLE ${sqlTable(record)};`,
      })),
    ...records
      .filter(({ change, before }) => OPTIONS.includes(change) && before !== null)
      .map(({ change, before }) => ({
        what: `set ${change} of publication "${publication}" back to ${before}`,
        sql: `ALTER PUBLICATION ${name} SET (${change} = ${before});`,
      })),
  ];
}

/**
 * Restores replica identities that set-up changed, unless they have changed since, another pipeline needs them, or writes
 * would fail with the earlier identity. `early`: steps that may run before the publication is dropped.
 */
async function identityPlan(
  { client, pipeline, records, others }: Scene,
  publicationGoes: boolean,
): Promise<{ early: TeardownStep[]; plan: TeardownPlan }> {
  const { version } = await readServer(client);
  const changed = records.filter(({ change }) => change === 'identity');
  const published = await readPublished(client, {
    oids: await oidsOf(client, changed),
    publication: pipeline.publication,
    version,
  });
  const early: TeardownStep[] = [];
  const steps: TeardownStep[] = [];
  const kept: string[] = [];
  for (const table of changed) {
    if ((await readIdentity(client, table)) !== table.after) continue;
    const name = qualifiedName(table);
    const relation = published.find(each => qualifiedName(each) === name);
    const reader = others.find(({ publication }) =>
      relation?.publications.some(each => each.name === publication),
    );
    if (reader) {
      kept.push(`REPLICA IDENTITY ${table.after} on ${name}: slot "${reader.slot}" needs it too`);
      continue;
    }
    const step = {
      what: `set REPLICA IDENTITY ${table.before} on ${name}`,
      sql: `ALTER TABLE ${sqlTable(table)} REPLICA IDENTITY ${table.before};`,
    };
    const restored = relation && (await asRestored(client, relation, table.before ?? 'DEFAULT'));
    const alone = restored && {
      ...restored,
      publications: restored.publications.filter(each => each.name !== pipeline.publication),
    };
    const [refused] = relation && alone && publicationGoes ? newlyRefused([relation], [alone], version) : [];
    const isHarmlessNow =
      !relation || !restored || newlyRefused([relation], [restored], version).length === 0;
    if (refused)
      kept.push(
        `REPLICA IDENTITY ${table.after} on ${name}: without it writes fail, as ${refusalText(refused)}`,
      );
    else if (isHarmlessNow) early.push(step);
    else if (publicationGoes) steps.push(step);
    else kept.push(`REPLICA IDENTITY ${table.after} on ${name}: without it writes fail`);
  }
  const unproven = changed.length > 0 ? [] : await fullIdentities(client, pipeline.publication);
  const left = has(records, 'publication')
    ? []
    : unproven.map(table => ({
        what: `set REPLICA IDENTITY DEFAULT on ${qualifiedName(table)}, unless it had FULL before walmq`,
        sql: `ALTER TABLE ${sqlTable(table)} REPLICA IDENTITY DEFAULT;`,
      }));
  return { early, plan: { steps, kept, left } };
}

async function oidsOf(client: ClientBase, tables: readonly TableName[]): Promise<number[]> {
  const { rows } = await client.query<{ oid: number }>(
    `SELECT c.oid::int8::float8 AS oid FROM unnest($1::text[], $2::text[]) AS t (schema, name)
       JOIN pg_namespace n ON n.nspname = t.schema JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = t.name`,
    [tables.map(({ schema }) => schema), tables.map(({ table }) => table)],
  );
  return rows.map(({ oid }) => oid);
}

async function asRestored(
  client: ClientBase,
  relation: PublishedRelation,
  before: string,
): Promise<PublishedRelation> {
  if (before === 'FULL') return { ...relation, identity: 'full' };
  if (before === 'NOTHING') return { ...relation, identity: 'nothing' };
  if (before === 'DEFAULT') return { ...relation, identity: 'default' };
  const { rows } = await client.query<{ name: string }>(
    `SELECT a.attname::text AS name FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid
       JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY ((i.indkey::int2[])[0:i.indnkeyatts - 1])
      WHERE i.indrelid::int8 = $1 AND 'USING INDEX ' || quote_ident(x.relname) = $2`,
    [relation.oid, before],
  );
  return { ...relation, identity: 'index', identityIndex: rows.map(({ name }) => name) };
}

/** Published tables and their partitions with REPLICA IDENTITY FULL. */
async function fullIdentities(client: ClientBase, publication: string): Promise<TableName[]> {
  const { rows } = await client.query<TableName>(
    `SELECT DISTINCT space.nspname AS schema, member.relname AS table
       FROM pg_publication_tables published
       JOIN pg_namespace n ON n.nspname = published.schemaname
       JOIN pg_class root ON root.relnamespace = n.oid AND root.relname = published.tablename
       JOIN pg_class member ON member.oid = root.oid OR member.oid IN (SELECT relid FROM pg_partition_tree(root.oid))
       JOIN pg_namespace space ON space.oid = member.relnamespace
      WHERE published.pubname = $1 AND member.relreplident = 'f' ORDER BY 1, 2`,
    [publication],
  );
  return rows;
}

/** Drops the schema with its tables, if all are walmq's and no other pipeline of the database uses it. */
async function schemaPlan({ client, pipeline, ownTables, records, others }: Scene): Promise<TeardownPlan> {
  if (!(await exists(client, 'SELECT FROM pg_namespace WHERE nspname = $1', 'walmq'))) return EMPTY;
  const [other] = others;
  if (other) {
    const slot = escapeLiteral(pipeline.slot);
    const own = `slot_name = ${slot} AND publication = ${escapeLiteral(pipeline.publication)}`;
    const handOver = `UPDATE walmq.setup s SET slot_name = ${escapeLiteral(other.slot)}, publication = ${escapeLiteral(other.publication)}
  WHERE ${own} AND change IN ('schema', 'identity') AND NOT EXISTS (
    SELECT FROM walmq.setup o WHERE o.slot_name = ${escapeLiteral(other.slot)} AND o.publication = ${escapeLiteral(other.publication)}
       AND o.change = s.change AND o.schema_name = s.schema_name AND o.table_name = s.table_name);`;
    const forget = `DELETE FROM walmq.setup WHERE ${own};
DELETE FROM walmq.backfill WHERE slot = ${slot}; DELETE FROM walmq.capture WHERE slot = ${slot};`;
    return {
      ...EMPTY,
      steps:
        records.length > 0
          ? [{ what: `forget slot "${pipeline.slot}" in schema walmq`, sql: `${handOver}\n${forget}` }]
          : [],
      kept: [`schema walmq with its inbox: slot "${other.slot}" uses it too`],
    };
  }
  const strangers = await strangersIn(client, ownTables);
  if (strangers.length > 0)
    return { ...EMPTY, kept: [`schema walmq: it holds ${strangers.join(', ')}, which walmq has not made`] };
  // The audit log is a record for people: teardown must not remove it in passing.
  if (await holdsAuditLog(client))
    throw new WalmqError('AUDIT_LOG_HELD', 'schema walmq holds an audit log with rows in it.', {
      remedy:
        "Keep a copy (pg_dump --table 'walmq.audit*'), then DROP TABLE walmq.audit CASCADE, then run it again.",
    });
  const drop = { what: 'drop schema walmq with its tables', sql: 'DROP SCHEMA walmq CASCADE;' };
  return has(records, 'schema') ? { ...EMPTY, steps: [drop] } : { ...EMPTY, left: [drop] };
}

async function strangersIn(client: ClientBase, ownTables: readonly string[]): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = 'walmq' AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition AND c.relname <> ALL ($1)
      ORDER BY 1`,
    [ownTables],
  );
  return rows.map(({ name }) => qualifiedName({ schema: 'walmq', table: name }));
}

async function holdsAuditLog(client: ClientBase): Promise<boolean> {
  if (!(await exists(client, 'SELECT WHERE to_regclass($1) IS NOT NULL', 'walmq.audit'))) return false;
  return (await client.query('SELECT FROM walmq.audit LIMIT 1')).rows.length > 0;
}

async function exists(client: ClientBase, query: string, name: string): Promise<boolean> {
  return (await client.query(query, [name])).rows.length > 0;
}
