import type { ClientBase } from 'pg';
import { checkServer } from './plan/check.js';
import { schemaStep, stepsOf } from './plan/plan.js';
import { publisherSteps, readPublishers } from './plan/publishers.js';
import type { PlanInput, SetupStep } from './plan/step.js';
import { readFacts, readSchemas } from './read/facts.js';
import { notePipeline } from './read/record.js';
import { CAPTURE_SCHEMA, OPERATOR_LOG, type SetupSchema } from './read/schema.js';
import { readServer } from './read/server.js';
import { runStep, runSteps } from './run/run.js';

export interface SetupOptions extends PlanInput {
  /** walmq's own tables in addition to capture's. */
  readonly schemas?: readonly SetupSchema[];
  /** The only roles that may send logical messages after set-up. Default: set-up changes no privilege. */
  readonly publishers?: readonly string[] | undefined;
  /** Milliseconds that a statement may wait for locks and open transactions. Default 10 000. */
  readonly lockTimeoutMs?: number;
}

const LOCK_TIMEOUT_MS = 10_000;

/**
 * Prepares a database: walmq's own tables, REPLICA IDENTITY FULL (handlers need complete old rows), the publication with
 * the configured tables, the slot. Idempotent: adds only what is missing and drops nothing. Rejects with the errors of
 * planSetup and runSteps.
 */
export async function setUp(client: ClientBase, options: SetupOptions): Promise<SetupStep[]> {
  const steps = await planSetup(client, options);
  const { lockTimeoutMs = LOCK_TIMEOUT_MS } = options;
  await runSteps(client, steps, { lockTimeoutMs, onStep: () => undefined });
  await notePipeline(client, options);
  return steps;
}

/**
 * The steps that setUp would run. Changes nothing. Rejects with the errors of stepsOf if the database cannot be prepared.
 *
 * Creates walmq's own captured tables in a transaction and rolls it back, because the other steps can only be planned
 * once these tables exist.
 */
export async function planSetup(client: ClientBase, options: SetupOptions): Promise<SetupStep[]> {
  const { schemas = [], publishers, lockTimeoutMs = LOCK_TIMEOUT_MS } = options;
  const server = await readServer(client);
  checkServer(server);
  const captured = options.tables.some(
    ({ schema, table }) => schema === OPERATOR_LOG.schema && table === OPERATOR_LOG.table,
  );
  const found = await readSchemas(client, [...schemas, { ...CAPTURE_SCHEMA, captured }]);
  await client.query('BEGIN');
  try {
    await client.query(`SET LOCAL lock_timeout = '${lockTimeoutMs}ms'`);
    for (const schema of found.filter(each => each.captured))
      await runStep(client, schemaStep(schema, server, options), lockTimeoutMs);
    return [
      ...stepsOf(await readFacts(client, options, server, found), options),
      ...(publishers ? publisherSteps(await readPublishers(client), publishers, server) : []),
    ];
  } finally {
    await client.query('ROLLBACK').catch(() => undefined);
  }
}
