import type { QueueConfig } from '@walmq/config';
import { type Held, type HeldKey, holdKey, readHeld, releaseKey } from '@walmq/fanout';
import type { Redis } from 'ioredis';
import { changeIdOf } from '../failures/failed-job.js';
import type { Operator, OperatorLog } from '../log/operator-log.js';

/** An ordering key of a queue, in its two forms. */
export interface KeyOfQueue {
  readonly queue: Pick<QueueConfig, 'name' | 'prefix' | 'shape'>;
  /** Its name in Redis. */
  readonly orderingKey: string;
  /** As a person knows it: `orders id=42`. */
  readonly label: string;
  readonly table?: string | undefined;
}

export interface KeyAction extends KeyOfQueue {
  readonly redis: Redis;
  readonly operator: Operator;
  readonly log: OperatorLog;
}

/** Pauses one key of a queue: see holdKey. Rejects with OPERATOR_LOG_UNAVAILABLE. */
export async function pauseKey(options: KeyAction): Promise<Held> {
  const { redis, queue, orderingKey, label, table, operator, log } = options;
  return await log.run(
    operator,
    { action: 'pause-key', queue: queue.name, table, key: label },
    () =>
      holdKey(redis, queue, {
        orderingKey,
        label: {
          // A queue that hides columns shows no key, not even to those who look into Redis.
          key: hidesKeys(queue) ? undefined : label,
          by: operator.who,
          reason: operator.reason,
          at: new Date().toISOString(),
        },
      }),
    pausedText,
  );
}

function hidesKeys({ shape }: KeyOfQueue['queue']): boolean {
  return shape?.mask !== undefined || shape?.columns !== undefined || shape?.omit !== undefined;
}

/** What a pause means for the changes that are there. */
export function pausedText({ wasHeld, head }: Held): string {
  const paused = wasHeld ? 'Paused anew' : 'Paused';
  if (!head) return `${paused}. No change of this key is in the queue now; the next one waits.`;
  const id = changeIdOf(head.id) ?? head.id;
  if (head.state === 'active')
    return `${paused}. Change ${id} is active and ends its attempt; all later ones wait. If the attempt fails, pause again to hold its next one.`;
  if (head.state === 'failed')
    return `${paused}. Change ${id} has failed and stays so; a replay runs it alone, and all later ones wait.`;
  return `${paused}. Change ${id} and all later ones wait.`;
}

/** Resumes one key. Resolves to false if it was not paused. Rejects with OPERATOR_LOG_UNAVAILABLE. */
export async function resumeKey(options: KeyAction): Promise<boolean> {
  const { redis, queue, orderingKey, label, table, operator, log } = options;
  const released = await log.run(
    operator,
    { action: 'resume-key', queue: queue.name, table, key: label },
    () => releaseKey(redis, queue, orderingKey),
    result => (result ? 'Resumed.' : 'It was not paused.'),
  );
  return released !== undefined;
}

/** The paused keys of a queue, the oldest first. */
export async function readPausedKeys(
  redis: Redis,
  queue: Pick<QueueConfig, 'name' | 'prefix'>,
): Promise<HeldKey[]> {
  const held = await readHeld(redis, queue, MOST_LISTED);
  return held.sort((a, b) => a.at.localeCompare(b.at));
}

const MOST_LISTED = 1000;
