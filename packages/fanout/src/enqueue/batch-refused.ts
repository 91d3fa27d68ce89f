import { type ChangeName, qualifiedName, WalmqError, withoutStop } from '@walmq/change';
import type { Redis } from 'ioredis';
import type { Job } from '../job.js';
import { classifyRedisFailure } from '../redis/redis-failure.js';
import type { Batch } from './batch.js';

/** Reply of an enqueue script that failed and undid its writes. */
export interface ScriptFailure {
  /** Redis' error. */
  readonly message: string;
  /** Key that the script was writing. */
  readonly key: string;
  /** Redis' error if it refused to undo a write; empty if nothing of the batch is in Redis. */
  readonly notUndone: string;
}

export interface RefusedBatch {
  readonly batch: Batch;
  /** Key prefixes of the queues (`bull:orders:`), by their names. */
  readonly prefixes: ReadonlyMap<string, string>;
  readonly checkpointKey: string;
  readonly redis: Pick<Redis, 'type'>;
}

/** Returns Redis' own error if the fault passes, else ENQUEUE_REFUSED with queue, table and change. */
export async function batchRefused(failure: ScriptFailure, refused: RefusedBatch): Promise<Error> {
  const cause = Object.assign(new Error(failure.message), { name: 'ReplyError' });
  if (classifyRedisFailure(cause) !== 'fatal') return cause;
  const { message, key, notUndone } = failure;
  const { checkpointKey, prefixes, batch } = refused;
  const [queue = '', prefix = ''] = [...prefixes].find(([, own]) => key.startsWith(own)) ?? [];
  const id = key.slice(prefix.length);
  const job = queue ? batch.jobs.find(job => job.id === id) : undefined;
  const wrongKey = /WRONGTYPE/.test(message) ? await keyOfWrongType(refused, prefix) : undefined;
  const what = job ? `${changeOf(job)} for queue "${queue}"` : `a batch at key ${key}`;
  const undone = notUndone
    ? `It refuses to undo what the batch wrote before, too (${notUndone}): the next start completes that.`
    : 'Nothing of the batch is in Redis.';
  return new WalmqError(
    'ENQUEUE_REFUSED',
    `Redis refuses ${what}: ${wrongKey ?? withoutStop(message)}. ${undone} Nothing of it was acknowledged.`,
    {
      remedy: 'Correct what the error names, then start capture again.',
      facts: { key: key || checkpointKey, ...(queue ? { queue } : {}), ...(job ? { job: job.id } : {}) },
      cause,
    },
  );
}

/** A change for error messages: position, operation and table. */
export function changeOf({ id, data }: Job): string {
  const { op, schema, table } = JSON.parse(data) as ChangeName;
  return `change ${id} (${op} of ${qualifiedName({ schema, table })})`;
}

/** Types of the keys of a queue that the script writes, by the end of the key. */
const TYPES: Readonly<Record<string, string>> = {
  wait: 'list',
  paused: 'list',
  active: 'list',
  meta: 'hash',
  id: 'string',
  events: 'stream',
  marker: 'zset',
  delayed: 'zset',
  prioritized: 'zset',
  pc: 'string',
  completed: 'zset',
  failed: 'zset',
  'waiting-children': 'zset',
  'walmq:last': 'hash',
  'walmq:ring': 'list',
};

/** Finds the key, since Redis does not name it. Runs only after a batch failed. */
async function keyOfWrongType(
  { redis, checkpointKey }: RefusedBatch,
  prefix: string,
): Promise<string | undefined> {
  const types = prefix ? Object.entries(TYPES).map(([end, type]) => [prefix + end, type] as const) : [];
  for (const [key, wanted] of [[checkpointKey, 'hash'] as const, ...types]) {
    const type = await redis.type(key).catch(() => 'none');
    if (type !== 'none' && type !== wanted) return `its key ${key} is a ${type}, and must be a ${wanted}`;
  }
  return undefined;
}
