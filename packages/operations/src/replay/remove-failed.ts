import { loadBullmqScript } from '@walmq/bullmq-lua';
import type { Job, Queue } from 'bullmq';
import type { Redis } from 'ioredis';

/**
 * BullMQ's own removal of each job that is still failed as it was read: between reading and removal somebody
 * else may have retried it. The job's children stay: they are earlier changes that have run.
 *
 * KEYS[1] failed jobs of the queue; ARGV[1] key prefix of the queue; then for each job: id, time of failure
 *
 * Returns for each: 1 removed, 0 not removed.
 */
function removeScript(): string {
  return `
local function remove(KEYS, ARGV)
${loadBullmqScript('removeJob', 2)}
end
local base, results = ARGV[1], {}
for at = 2, #ARGV, 2 do
  local id = ARGV[at]
  local isFailed = redis.call('ZSCORE', KEYS[1], id)
  local same = isFailed and redis.call('HGET', base .. id, 'finishedOn') == ARGV[at + 1]
  results[#results + 1] = same and remove({base .. id, base .. 'repeat'}, {id, '0', base}) == 1 and 1 or 0
end
return results`;
}

/** Number of removed jobs; somebody else retried or removed the others. */
export async function removeFailed(redis: Redis, queue: Queue, jobs: readonly Job[]): Promise<number> {
  const each = jobs.flatMap(({ id, finishedOn }) => [id as string, finishedOn ?? 0]);
  const key = queue.toKey('failed');
  const results = (await redis.eval(removeScript(), 1, key, queue.toKey(''), ...each)) as number[];
  return results.filter(result => result === 1).length;
}
