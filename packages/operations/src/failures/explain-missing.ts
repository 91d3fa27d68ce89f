import { WalmqError } from '@walmq/change';
import { isHold } from '@walmq/fanout';
import type { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { blockedBy } from './blocked-by.js';
import { changeIdOf } from './failed-job.js';

const PAGE = 5000;
/** BullMQ's states except failed, each with its usual name. Completed comes last. */
const STATES = {
  'waiting-children': 'parked',
  delayed: 'delayed',
  prioritized: 'waiting',
  wait: 'waiting',
  active: 'active',
  completed: 'completed',
} as const;

interface Found {
  readonly queue: Queue;
  readonly jobId: string;
  readonly state: keyof typeof STATES;
}

/** Why a change or job of this id, which has not failed in any of these queues, cannot be replayed. */
export async function explainMissing(
  redis: Redis,
  queues: readonly Queue[],
  id: string,
): Promise<WalmqError> {
  for (const state of Object.keys(STATES) as Found['state'][])
    for (const queue of queues) {
      const jobId = await findIn(redis, queue.toKey(state), id);
      if (jobId !== undefined) return await explain(redis, { queue, jobId, state });
    }
  const names = queues.map(({ name }) => name).join(', ');
  return new WalmqError('CHANGE_UNKNOWN', `no queue holds ${id} (looked in ${names}).`, {
    remedy:
      'What has been removed from Redis (completed and past its retention, or discarded) cannot be replayed from it.',
  });
}

async function explain(redis: Redis, { queue, jobId, state }: Found): Promise<WalmqError> {
  if (state === 'completed')
    return new WalmqError('ALREADY_COMPLETED', `${jobId} of queue ${queue.name} has completed.`, {
      remedy: 'It cannot be replayed: later changes of its row may have run since.',
    });
  const message = `${jobId} of queue ${queue.name} is ${STATES[state]}, not failed.`;
  const blocker = state === 'waiting-children' ? await blockedBy(redis, queue, jobId) : undefined;
  if (blocker !== undefined && isHold(blocker))
    return new WalmqError('NOT_FAILED', `${message} Its key is paused.`, {
      remedy: `It runs when the key is resumed: "npx walmq resume-key ${queue.name}" lists the paused keys.`,
    });
  return new WalmqError('NOT_FAILED', message, {
    remedy: blocker
      ? `It waits for a change that failed, and runs after it: walmq replay --id ${blocker}`
      : 'It runs by itself; see walmq status.',
  });
}

/** Searches lists and sorted sets to their end: a change's id is only the beginning of its job's id. */
async function findIn(redis: Redis, key: string, id: string): Promise<string | undefined> {
  const isIt = (member: string) => member === id || changeIdOf(member) === id;
  if ((await redis.type(key)) === 'list') {
    for (let start = 0; ; start += PAGE) {
      const page = await redis.lrange(key, start, start + PAGE - 1);
      const found = page.find(isIt);
      if (found !== undefined || page.length < PAGE) return found;
    }
  }
  let cursor = '0';
  do {
    const [next, found] = await redis.zscan(key, cursor, 'COUNT', PAGE);
    const member = found.find((item, index) => index % 2 === 0 && isIt(item));
    if (member !== undefined) return member;
    cursor = next;
  } while (cursor !== '0');
  return undefined;
}
