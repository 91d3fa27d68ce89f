import type { ClientBase } from 'pg';
import { checkServer } from './plan/check.js';
import { schemaStep, stepsOf } from './plan/plan.js';
import { publisherSteps, readPublishers } from './plan/publishers.js';
import type { PlanInput, SetupStep } from './plan/step.js';
import { readFacts, readSchemas } from './read/facts.js';
import { notePipeline } from './read/record.js';
import { CAPTURE_SCHEMA, type SetupSchema } from './read/schema.js';
import { readServer } from './read/server.js';
import { runStep, runSteps } from './run/run.js';

export interface SetupOptions extends PlanInput {
  /** Tables of ours besides capture's own. */
  readonly schemas?: readonly SetupSchema[];
  /** Roles that alone may send logical messages from now on. Default: whoever may today. */
  readonly publishers?: readonly string[] | undefined;
  /** Milliseconds that one statement may wait for locks and open transactions. Default 10 000. */
  readonly lockTimeoutMs?: number;
}

const LOCK_TIMEOUT_MS = 10_000;

/**
 * Prepares a database: own tables, REPLICA IDENTITY FULL (old values must be right), the publication with the
 * configured tables, the slot. Idempotent: does only what is missing, never drops anything. Rejects as planSetup and
 * runSteps do.
 */
export async function setUp(client: ClientBase, options: SetupOptions): Promise<SetupStep[]> {
  const steps = await planSetup(client, options);
  const { lockTimeoutMs = LOCK_TIMEOUT_MS } = options;
  await runSteps(client, steps, { lockTimeoutMs, onStep: () => undefined });
  await notePipeline(client, options);
  return steps;
}

/**
 * What setUp would do, with nothing changed. Rejects with a SETUP_... error when the database cannot be prepared.
 *
 * Tables that are ours and captured are made in a transaction that is rolled back, so that the plan can be read off
 * a database that has them.
 */
export async function planSetup(client: ClientBase, options: SetupOptions): Promise<SetupStep[]> {
  const { schemas = [], publishers, lockTimeoutMs = LOCK_TIMEOUT_MS } = options;
  const server = await readServer(client);
  checkServer(server);
  const found = await readSchemas(client, [...schemas, CAPTURE_SCHEMA]);
  await client.query('BEGIN');
  try {
    await client.query(`SET LOCAL lock_timeout = '${lockTimeoutMs}ms'`);
    for (const schema of found.filter(({ captured }) => captured))
      await runStep(client, schemaStep(schema, server, options), lockTimeoutMs);
    return [
      ...stepsOf(await readFacts(client, options, server, found), options),
      ...(publishers ? publisherSteps(await readPublishers(client), publishers, server) : []),
    ];
  } finally {
    await client.query('ROLLBACK').catch(() => undefined);
  }
}
