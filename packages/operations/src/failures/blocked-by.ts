import { HOLD_PREFIX } from '@walmq/fanout';
import type { Queue } from 'bullmq';
import type { Redis } from 'ioredis';

const STEPS = 1000;

/**
 * From parked jobs to those that they wait for, as their BullMQ children, until one has failed or is the hold of a paused key.
 *
 * KEYS[1] failed jobs of the queue; ARGV[1] key prefix of the queue; ARGV[2] how many steps at most; then ids to begin with
 *
 * Returns the id of the failed job or an empty text, the ids that were looked at while each had one child, and those that were
 * not reached.
 */
const DOWN = `
local base, todo, seen, line = ARGV[1], {}, {}, {}
for at = 3, #ARGV do todo[#todo + 1] = ARGV[at] end
local at, isLine = 1, #todo == 1
while at <= #todo and at <= tonumber(ARGV[2]) do
  local id = todo[at]
  if redis.call('ZSCORE', KEYS[1], id) or string.sub(id, 1, ${HOLD_PREFIX.length}) == '${HOLD_PREFIX}' then
    return {id, line, {}}
  end
  local children = 0
  for _, key in ipairs(redis.call('SMEMBERS', base .. id .. ':dependencies')) do
    local child = string.sub(key, #base + 1)
    if string.sub(key, 1, #base) == base and not seen[child] then
      seen[child] = true
      children = children + 1
      todo[#todo + 1] = child
    end
  end
  isLine = isLine and children <= 1
  if isLine then line[#line + 1] = id end
  at = at + 1
end
local rest = {}
for left = at, #todo do rest[#rest + 1] = todo[left] end
return {'', line, rest}`;

/** Finds the failed jobs behind which others are parked. Remembers what it has seen: a line of changes is walked once. */
export class Blockers {
  readonly #redis: Redis;
  readonly #queue: Queue;
  readonly #most: number;
  /** By id of a parked job; undefined: none of its line has failed. */
  readonly #known = new Map<string, string | undefined>();

  /** `most`: limit of jobs to look at, in all calls together. */
  constructor(redis: Redis, queue: Queue, most = Number.POSITIVE_INFINITY) {
    this.#redis = redis;
    this.#queue = queue;
    this.#most = most;
  }

  /** Looks at many at once for those that wait for a failed one directly: most do. */
  async prime(parkedIds: readonly string[]): Promise<void> {
    const base = this.#queue.toKey('');
    const fresh = parkedIds.filter(id => !this.#known.has(id));
    const children = await this.#answers(fresh.map(id => ['smembers', `${base}${id}:dependencies`]));
    const pairs = fresh.flatMap((id, index) =>
      (children[index] as string[])
        .filter(key => key.startsWith(base))
        .map(key => [id, key.slice(base.length)] as const),
    );
    const scores = await this.#answers(pairs.map(([, child]) => ['zscore', `${base}failed`, child]));
    for (const [index, [id, child]] of pairs.entries())
      if (scores[index] !== null && this.#known.get(id) === undefined) this.#known.set(id, child);
  }

  async #answers(commands: string[][]): Promise<unknown[]> {
    if (commands.length === 0) return [];
    return ((await this.#redis.pipeline(commands).exec()) ?? []).map(([error, reply]) => {
      if (error) throw error;
      return reply;
    });
  }

  /**
   * The failed job that finally keeps a parked one waiting. Undefined if all jobs that it waits for can still run, null if its
   * line is longer than the limit.
   */
  async of(parkedId: string): Promise<string | undefined | null> {
    const base = this.#queue.toKey('');
    const seen = new Set([parkedId]);
    const line: string[] = [];
    let todo = [parkedId];
    let found: string | undefined;
    while (todo.length > 0) {
      if (this.#known.size + seen.size + line.length > this.#most) return null;
      const known = todo.find(id => this.#known.has(id));
      if (known !== undefined && (todo.length === 1 || this.#known.get(known) !== undefined)) {
        found = this.#known.get(known);
        break;
      }
      const reply = await this.#redis.eval(DOWN, 1, `${base}failed`, base, STEPS, ...todo);
      const [failed, walked, rest] = reply as [string, string[], string[]];
      for (const id of walked) line.push(id);
      if (failed !== '') {
        found = failed;
        break;
      }
      todo = rest.filter(id => !seen.has(id));
      for (const id of todo) seen.add(id);
    }
    for (const id of line) this.#known.set(id, found);
    return found;
  }
}

/** The failed job, or the hold of a paused key, that finally keeps a parked one waiting; undefined if all of its line can run. */
export async function blockedBy(redis: Redis, queue: Queue, parkedId: string): Promise<string | undefined> {
  return (await new Blockers(redis, queue).of(parkedId)) ?? undefined;
}
