import { loadBullmqScript } from '@walmq/fanout';
import type { Job, Queue } from 'bullmq';
import type { Redis } from 'ioredis';

/**
 * BullMQ's own removal, of each job that still stands failed as it was read: between that look and the removal somebody
 * else may have retried it. Its children stay, which are the changes that have run before it.
 *
 * KEYS[1] failed jobs of the queue; ARGV[1] key prefix of the queue; then for each job: id, when it failed
 *
 * Returns for each: 1 removed, 0 left alone.
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

/** How many of them were removed; the others had been retried or removed by somebody else. */
export async function removeFailed(redis: Redis, queue: Queue, jobs: readonly Job[]): Promise<number> {
  const each = jobs.flatMap(({ id, finishedOn }) => [id as string, finishedOn ?? 0]);
  const key = queue.toKey('failed');
  const results = (await redis.eval(removeScript(), 1, key, queue.toKey(''), ...each)) as number[];
  return results.filter(result => result === 1).length;
}
