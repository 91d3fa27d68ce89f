import type { Queue } from 'bullmq';
import type { Redis } from 'ioredis';

/**
 * Replaces the data of a job that has not begun to run and has not completed, if it is still what was corrected. Keeps the first
 * original in the job's field walmq:original, and adds a line to BullMQ's log of the job.
 *
 * KEYS[1] the job; ARGV[1] key prefix of the queue; ARGV[2] id of the job; ARGV[3] the data that was corrected; ARGV[4] the corrected
 * data; ARGV[5] the line
 *
 * Returns 'done', or why not.
 */
const STORE = `
local base, id = ARGV[1], ARGV[2]
local data = redis.call('HGET', KEYS[1], 'data')
if not data then return 'gone' end
if redis.call('ZSCORE', base .. 'completed', id) then return 'completed' end
if redis.call('EXISTS', KEYS[1] .. ':lock') == 1 or redis.call('LPOS', base .. 'active', id) then return 'active' end
if data ~= ARGV[3] then return 'changed' end
redis.call('HSETNX', KEYS[1], 'walmq:original', data)
redis.call('HSET', KEYS[1], 'data', ARGV[4])
redis.call('RPUSH', KEYS[1] .. ':logs', ARGV[5])
return 'done'`;

export type Stored = 'done' | 'gone' | 'completed' | 'active' | 'changed';

export interface StoreOptions {
  readonly redis: Redis;
  readonly queue: Queue;
  readonly jobId: string;
  readonly original: string;
  readonly corrected: string;
  readonly line: string;
}

/** The corrected data takes the original's place, in one step: the job keeps its id and its place in the order of its key. */
export async function storeCorrection(options: StoreOptions): Promise<Stored> {
  const { redis, queue, jobId, original, corrected, line } = options;
  return (await redis.eval(
    STORE,
    1,
    queue.toKey(jobId),
    queue.toKey(''),
    jobId,
    original,
    corrected,
    line,
  )) as Stored;
}

/** The data with which a corrected job came; undefined if it has not been corrected. */
export async function readOriginal(redis: Redis, queue: Queue, jobId: string): Promise<string | undefined> {
  return (await redis.hget(queue.toKey(jobId), 'walmq:original')) ?? undefined;
}
