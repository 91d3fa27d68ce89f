import { WalmqError } from '@walmq/change';
import type { ClientBase } from 'pg';
import type { RunStep, SetupStep } from '../plan/step.js';
import { record } from '../read/record.js';
import { missingOwners } from './owners.js';
import { lockHolders, openTransactions, type Waiting } from './waits.js';

/**
 * Runs the steps, each in a transaction of its own, and reports each when it is done. lock_timeout limits the wait. The
 * creation of a slot waits for every transaction that was open when it began, and a queued table lock makes all later
 * sessions wait as well. If the client dies, the backend ends within lock_timeout. statement_timeout does not end
 * a backend that waits for a slot.
 * Rejects with PRIVILEGE_MISSING, SETUP_SLOT_WAITS, SETUP_TABLE_WAITS, SETUP_NO_FREE_SLOT or SETUP_FAILED.
 */
export async function runSteps(
  client: ClientBase,
  steps: readonly SetupStep[],
  { lockTimeoutMs, onStep }: { lockTimeoutMs: number; onStep: (step: SetupStep) => void },
): Promise<void> {
  await client.query(`SET lock_timeout = '${lockTimeoutMs}ms'`);
  try {
    for (const step of steps) {
      await runStep(client, step, lockTimeoutMs);
      onStep(step);
    }
  } finally {
    // RESET fails only if the connection is lost, and then the error in flight already reports the loss.
    await client.query('RESET lock_timeout').catch(() => undefined);
  }
}

/** Runs one step and records it for teardown. Rejects with the errors of runSteps. */
export async function runStep(client: ClientBase, step: SetupStep, lockTimeoutMs: number): Promise<void> {
  if (step.status !== 'run') return;
  try {
    if (step.recordBefore !== undefined) await record(client, step.recordBefore);
    await client.query(step.sql);
    if (step.recordAfter !== undefined) await record(client, step.recordAfter);
  } catch (cause) {
    throw await stepFailure(client, step, { cause, lockTimeoutMs });
  }
}

async function stepFailure(
  client: ClientBase,
  step: RunStep,
  { cause, lockTimeoutMs }: { cause: unknown; lockTimeoutMs: number },
): Promise<WalmqError> {
  const { code: sqlstate, message } = cause as { code?: string; message: string };
  switch (sqlstate) {
    case '42501':
      return new WalmqError('PRIVILEGE_MISSING', `your role may not ${step.what}: ${message}.`, {
        remedy: `${await grantOf(client, step)} Or give the output of "npx walmq setup --sql" to someone who may.`,
        facts: { sqlstate },
        cause,
      });
    case '55P03':
      return await waitFailure(client, step, { cause, lockTimeoutMs });
    case '53400':
      return new WalmqError('SETUP_NO_FREE_SLOT', `PostgreSQL has no room for a slot: ${message}.`, {
        remedy: 'Drop an unused slot, or raise max_replication_slots and restart PostgreSQL.',
        facts: { sqlstate },
        cause,
      });
    default:
      return new WalmqError('SETUP_FAILED', `could not ${step.what}: ${message}.`, {
        facts: { sqlstate },
        cause,
      });
  }
}

async function grantOf(client: ClientBase, { grant }: RunStep): Promise<string> {
  if (typeof grant === 'string') return grant;
  const { role, owners, superuser } = await missingOwners(client, grant);
  if (owners.length === 0) return 'Run it as a role that may.';
  const names = owners.join(', ');
  const run = `Run "npx walmq setup" as ${names}`;
  // Membership in a superuser's role gives superuser rights, which a role that only reads changes must not have.
  return superuser ? `${run}.` : `${run}, or run GRANT ${names} TO ${role}; first.`;
}

async function waitFailure(
  client: ClientBase,
  step: RunStep,
  { cause, lockTimeoutMs }: { cause: unknown; lockTimeoutMs: number },
): Promise<WalmqError> {
  const within = `could not ${step.what} within ${lockTimeoutMs / 1000} s`;
  const longer = `npx walmq setup --wait ${Math.ceil(lockTimeoutMs / 100)}`;
  if (step.waitsFor === 'transactions') {
    const open = await openTransactions(client);
    return new WalmqError('SETUP_SLOT_WAITS', `${within}: it has to wait for ${listed(open)}.`, {
      remedy: waitRemedy(open, longer),
      cause,
    });
  }
  const holders = await lockHolders(client, step.waitsFor);
  return new WalmqError('SETUP_TABLE_WAITS', `${within}: a lock is held by ${listed(holders)}.`, {
    remedy: waitRemedy(holders, longer),
    cause,
  });
}

function listed(waiting: readonly Waiting[]): string {
  if (waiting.length === 0) return 'a transaction that has ended since';
  return waiting.map(({ who }) => who).join(' and ');
}

function waitRemedy(waiting: readonly Waiting[], longer: string): string {
  if (waiting.length === 0) return 'Run "npx walmq setup" again.';
  const end = waiting.map(({ end }) => end).join(' ');
  return `Let it end, or end it with ${end} and run "npx walmq setup" again; or wait longer with "${longer}".`;
}
