import type { QueueConfig } from '@walmq/config';
import type { Redis } from 'ioredis';

/** The parts of a stored job that a trace shows, as texts. */
export interface StoredJob {
  readonly id: string;
  readonly name: string | null;
  readonly data: string | null;
  readonly opts: string | null;
  readonly timestamp: string | null;
  readonly processedOn: string | null;
  readonly finishedOn: string | null;
  readonly returnvalue: string | null;
  readonly failedReason: string | null;
  readonly attemptsMade: string | null;
  readonly attemptsStarted: string | null;
  readonly stalls: string | null;
  readonly processedBy: string | null;
  readonly progress: string | null;
}

/** Names under which BullMQ stores these parts. */
const FIELDS = {
  name: 'name',
  data: 'data',
  opts: 'opts',
  timestamp: 'timestamp',
  processedOn: 'processedOn',
  finishedOn: 'finishedOn',
  returnvalue: 'returnvalue',
  failedReason: 'failedReason',
  attemptsMade: 'atm',
  attemptsStarted: 'ats',
  stalls: 'stc',
  processedBy: 'pb',
  progress: 'progress',
} as const;

/** Where BullMQ has a job. A job in no set and not active is in the list of waiting jobs, which nobody searches. */
export interface Place {
  readonly state: 'waiting' | 'active' | 'delayed' | 'parked' | 'failed' | 'completed';
  /** Milliseconds since 1970; undefined unless delayed. */
  readonly delayedUntilMs: number | undefined;
  readonly lock: string | null;
}

const SETS = [
  ['completed', 'completed'],
  ['failed', 'failed'],
  ['delayed', 'delayed'],
  ['prioritized', 'waiting'],
  ['waiting-children', 'parked'],
] as const;

/** BullMQ stores the time of a delayed job times this number, plus a counter: addDelayedJob. */
const DELAY_UNITS = 0x1000;
/** Number of commands in one pipeline, so that no reply takes Redis long. */
const AT_ONCE = 500;

/**
 * From parked jobs to the jobs that they wait for, as their BullMQ children, and on. Walks breadth first.
 *
 * KEYS[1] any key of the queue; ARGV[1] key prefix of the queue; ARGV[2] steps; then ids of jobs to begin with
 *
 * Returns the links that were followed, as { id, id of a child, ... }, and the ids that were not reached.
 */
const DESCEND = `
local base, most, todo, seen, links = ARGV[1], tonumber(ARGV[2]), {}, {}, {}
for at = 3, #ARGV do
  todo[#todo + 1] = ARGV[at]
  seen[ARGV[at]] = true
end
local at = 1
while at <= #todo and at <= most do
  local link = {todo[at]}
  for _, key in ipairs(redis.call('SMEMBERS', base .. todo[at] .. ':dependencies')) do
    -- A paused key's hold waits for a job of this name, which never exists.
    if string.sub(key, 1, #base) == base and key ~= base .. 'walmq-hold' then
      local id = string.sub(key, #base + 1)
      link[#link + 1] = id
      if not seen[id] then
        seen[id] = true
        todo[#todo + 1] = id
      end
    end
  end
  links[#links + 1] = link
  at = at + 1
end
local rest = {}
for left = at, #todo do rest[#rest + 1] = todo[left] end
return {links, rest}`;
const STEPS = 1000;

/** Reads one queue's keys of BullMQ and of the enqueue script. Writes nothing, and never reads the whole queue. */
export class QueueReader {
  readonly config: QueueConfig;
  readonly #redis: Redis;
  readonly #base: string;

  constructor(redis: Redis, config: QueueConfig) {
    this.config = config;
    this.#redis = redis;
    this.#base = `${config.prefix}:${config.name}:`;
  }

  /** The last unfinished job of each ordering key that has one. */
  async lastJobs(orderingKeys: readonly string[]): Promise<string[]> {
    if (orderingKeys.length === 0) return [];
    const ids = await this.#redis.hmget(`${this.#base}walmq:last`, ...orderingKeys);
    return [...new Set(ids.filter(id => id !== null))];
  }

  /** Each unfinished job from these on down to the heads of their lines, with the jobs that it waits for. */
  async descend(
    ids: readonly string[],
    most: number,
  ): Promise<{ links: Map<string, string[]>; isWhole: boolean }> {
    const links = new Map<string, string[]>();
    let todo = [...ids];
    while (todo.length > 0 && links.size < most) {
      const [found, rest] = (await this.#redis.eval(
        DESCEND,
        1,
        `${this.#base}meta`,
        this.#base,
        STEPS,
        ...todo,
      )) as [string[][], string[]];
      for (const [id, ...children] of found) links.set(id as string, children);
      todo = rest.filter(id => !links.has(id));
    }
    return { links, isWhole: todo.length === 0 };
  }

  /** Number of jobs of these ids that exist. */
  async count(ids: readonly string[]): Promise<number> {
    return ids.length === 0 ? 0 : await this.#redis.exists(...ids.map(id => this.#base + id));
  }

  /** The jobs of these ids, null for those that do not exist. */
  async jobs(ids: readonly string[]): Promise<(StoredJob | null)[]> {
    const names = Object.keys(FIELDS) as (keyof typeof FIELDS)[];
    const replies = await this.#pipelined(ids, id => ['hmget', this.#base + id, ...Object.values(FIELDS)]);
    return replies.map((reply, index) => {
      const values = reply as (string | null)[];
      if (values.every(value => value === null)) return null;
      const parts = Object.fromEntries(names.map((name, at) => [name, values[at] ?? null]));
      return { id: ids[index] as string, ...parts } as unknown as StoredJob;
    });
  }

  /** The data of these jobs. */
  async data(ids: readonly string[]): Promise<(string | null)[]> {
    return (await this.#pipelined(ids, id => ['hget', this.#base + id, 'data'])) as (string | null)[];
  }

  /** Where each of these jobs is. They must exist. */
  async places(ids: readonly string[]): Promise<Place[]> {
    const scores = await Promise.all(
      SETS.map(([set]) => this.#pipelined(ids, id => ['zscore', this.#base + set, id])),
    );
    const locks = (await this.#pipelined(ids, id => ['get', `${this.#base}${id}:lock`])) as (string | null)[];
    // The list of active jobs is as long as the workers have hands. The list of waiting jobs is not.
    const active = await this.#pipelined(ids, id => ['lpos', `${this.#base}active`, id]);
    return ids.map((_, index) => {
      const at = SETS.findIndex((_set, set) => scores[set]?.[index] != null);
      const lock = locks[index] ?? null;
      const score = Number(scores[2]?.[index]);
      if (at >= 0)
        return {
          state: SETS[at]?.[1] as Place['state'],
          delayedUntilMs: SETS[at]?.[0] === 'delayed' ? Math.floor(score / DELAY_UNITS) : undefined,
          lock,
        };
      const isActive = lock !== null || active[index] != null;
      return { state: isActive ? 'active' : 'waiting', delayedUntilMs: undefined, lock };
    });
  }

  /** Ids of jobs at one end of a list or a set of the queue. `newest`: those that came last into it. */
  async endOf(
    set: SearchedSet,
    { newest, from, count }: { newest: boolean; from: number; count: number },
  ): Promise<string[]> {
    const key = this.#base + set;
    const last = from + count - 1;
    // New jobs come in at the left of the list of waiting jobs.
    if (isList(set))
      return newest
        ? await this.#redis.lrange(key, from, last)
        : (await this.#redis.lrange(key, -last - 1, -from - 1)).reverse();
    return newest
      ? await this.#redis.zrevrange(key, String(from), String(last))
      : await this.#redis.zrange(key, String(from), String(last));
  }

  /** Number of jobs in a list or a set of the queue. */
  async size(set: SearchedSet): Promise<number> {
    const key = this.#base + set;
    return isList(set) ? await this.#redis.llen(key) : await this.#redis.zcard(key);
  }

  /** Completion of the oldest completed job that is kept. Milliseconds since 1970; undefined if none is. */
  async oldestCompletedMs(): Promise<number | undefined> {
    const [, score] = await this.#redis.zrange(`${this.#base}completed`, '0', '0', 'WITHSCORES');
    return score === undefined ? undefined : Number(score);
  }

  async isPaused(): Promise<boolean> {
    return (await this.#redis.hexists(`${this.#base}meta`, 'paused')) === 1;
  }

  async #pipelined(ids: readonly string[], command: (id: string) => string[]): Promise<unknown[]> {
    const replies: unknown[] = [];
    for (let start = 0; start < ids.length; start += AT_ONCE) {
      const page = ids.slice(start, start + AT_ONCE);
      const answers = (await this.#redis.pipeline(page.map(command)).exec()) ?? [];
      for (const [error, reply] of answers) {
        if (error) throw error;
        replies.push(reply);
      }
    }
    return replies;
  }
}

/** Lists and sets that a bounded search reads. */
export type SearchedSet =
  | 'active'
  | 'wait'
  | 'paused'
  | 'prioritized'
  | 'delayed'
  | 'waiting-children'
  | 'failed'
  | 'completed';

function isList(set: SearchedSet): boolean {
  return set === 'wait' || set === 'paused' || set === 'active';
}
