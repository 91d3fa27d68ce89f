import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Change } from '@walmq/change';
import type { WalmqConfig } from '@walmq/config';
import {
  type BatchContext,
  defineWorker,
  everyChange,
  giveUp,
  type HandlerContext,
  postpone,
  type WorkerDefinition,
} from '@walmq/worker';
import type { Pool, PoolClient } from 'pg';
import type { WorkerPlan } from '../plan/round.js';
import { type Fate, fateOf } from './fate.js';
import type { WorkSetting } from './setting.js';

/** The queue whose effects are outside of walmq's transactions. */
const EFFECT_QUEUE = 'docs';
const POSTPONED_MS = 50;

export interface HandlerParts {
  readonly setting: WorkSetting;
  readonly queues: WalmqConfig['queues'];
  readonly pool: Pool;
}

export function workersOf(parts: HandlerParts): WorkerDefinition[] {
  const postponed = new Set<string>();
  return parts.setting.workers.map(worker => workerOf(worker, { ...parts, postponed }));
}

interface Parts extends HandlerParts {
  /** Changes that this process has postponed once. */
  readonly postponed: Set<string>;
}

function workerOf({ queue, batch }: WorkerPlan, parts: Parts): WorkerDefinition {
  if (batch === undefined)
    return everyChange({
      queue,
      queues: parts.queues,
      handler: (change, context) =>
        queue === EFFECT_QUEUE
          ? actOutside(parts, change, context)
          : recordOnce(parts, queue, change, context),
    });
  return defineWorker({
    queue,
    batch: { size: batch, waitMs: 5 },
    onBatch: (changes, context) =>
      recordBatch(parts, queue, changes as readonly Change[], context as unknown as BatchContext<Change>),
  });
}

async function recordOnce(
  parts: Parts,
  queue: string,
  change: Change,
  context: HandlerContext,
): Promise<unknown> {
  const fate = decide(parts, queue, change, context.attempt);
  refuse(fate);
  await context.once(change, tx => record(tx, queue, [change]));
  if (fate === 'throw-late') throw new Error('fails after its effect');
  return { recorded: true };
}

async function actOutside(parts: Parts, change: Change, context: HandlerContext): Promise<unknown> {
  const fate = decide(parts, EFFECT_QUEUE, change, context.attempt);
  refuse(fate);
  await context.effect(change, 'act', async ({ idempotencyKey }) => {
    await parts.pool.query('INSERT INTO soak.acts (queue, change_id, idempotency_key) VALUES ($1, $2, $3)', [
      EFFECT_QUEUE,
      change.id,
      idempotencyKey,
    ]);
  });
  if (fate === 'throw-late') throw new Error('fails after its effect');
  return { acted: true };
}

async function recordBatch(
  parts: Parts,
  queue: string,
  changes: readonly Change[],
  context: BatchContext<Change>,
): Promise<void> {
  const late: Change[] = [];
  for (const change of changes) {
    const fate = decide(parts, queue, change, context.job(change).attempt);
    if (fate === 'give-up') context.giveUp(change, 'gives up');
    if (fate === 'postpone') context.postpone(change, 'postponed', POSTPONED_MS);
    if (fate === 'throw') context.fail(change, new Error('fails'));
    if (fate === 'throw-late') late.push(change);
  }
  await context.once(changes, async (tx, due) => {
    await record(tx, queue, due);
  });
  for (const change of late) context.fail(change, new Error('fails after its effect'));
}

async function record(tx: PoolClient, queue: string, changes: readonly Change[]): Promise<void> {
  await tx.query('INSERT INTO soak.effects (queue, change_id) SELECT $1, unnest($2::text[])', [
    queue,
    changes.map(({ id }) => id),
  ]);
}

function decide({ setting, postponed }: Parts, queue: string, { id }: Change, attempt: number): Fate {
  const { seed, failures, folder } = setting;
  const fate = fateOf({
    seed,
    failures,
    queue,
    changeId: id,
    attempt,
    isCured: group => existsSync(join(folder, `cured-${group}`)),
  });
  if (fate !== 'postpone') return fate;
  const name = `${queue}/${id}`;
  if (postponed.has(name)) return 'done';
  postponed.add(name);
  return 'postpone';
}

function refuse(fate: Fate): void {
  if (fate === 'give-up') throw giveUp('gives up');
  if (fate === 'postpone') throw postpone('postponed', POSTPONED_MS);
  if (fate === 'throw') throw new Error('fails');
}
