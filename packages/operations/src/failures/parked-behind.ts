import { HOLD_PREFIX } from '@walmq/fanout';
import type { Queue } from 'bullmq';
import type { Redis } from 'ioredis';

const STEPS = 1000;

/**
 * From a job to the one that waits for it, as its BullMQ parent, and on, for as long as they are parked and of the same
 * queue. Ends at a hold: what stands behind it waits for an operator.
 *
 * KEYS[1] where the walk begins; ARGV[1] key prefix of the queue; ARGV[2] how many steps at most; ARGV[3] with what the id of a hold begins
 */
const WALK = `
local key, base, ids = KEYS[1], ARGV[1], {}
while #ids < tonumber(ARGV[2]) do
  key = redis.call('HGET', key, 'parentKey')
  if not key or string.sub(key, 1, #base) ~= base then break end
  local id = string.sub(key, #base + 1)
  if not redis.call('ZSCORE', base .. 'waiting-children', id) then break end
  if string.sub(id, 1, #ARGV[3]) == ARGV[3] then break end
  ids[#ids + 1] = id
end
return ids`;

/** Ids of the changes parked behind a job, in the order in which they run. Stops at about `max`. */
export async function parkedBehind(
  redis: Redis,
  queue: Queue,
  id: string,
  max = Number.POSITIVE_INFINITY,
): Promise<string[]> {
  const parked: string[] = [];
  for (let from = id; parked.length < max; from = parked.at(-1) as string) {
    const next = (await redis.eval(
      WALK,
      1,
      queue.toKey(from),
      queue.toKey(''),
      STEPS,
      HOLD_PREFIX,
    )) as string[];
    for (const found of next) parked.push(found);
    if (next.length < STEPS) break;
  }
  return parked;
}
