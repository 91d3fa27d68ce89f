import type { Redis } from 'ioredis';

/** Place of a job in a sorted set of BullMQ: its score, a time in milliseconds since 1970, and its id. */
export interface SetPlace {
  readonly ms: number;
  readonly id: string;
}

export interface WalkOptions {
  readonly redis: Redis;
  /** The set's key. */
  readonly key: string;
  /** Times, both ends included. */
  readonly fromMs?: number | undefined;
  readonly toMs?: number | undefined;
  /** Goes on after this place, or with it. */
  readonly after?: (SetPlace & { readonly isIncluded?: boolean }) | undefined;
  readonly count: number;
}

/**
 * Members of a sorted set from the greatest down, after a place in its order. Redis orders by score, then by the bytes of the
 * member. The place is searched for by halves: whether its member is still there does not matter.
 *
 * KEYS[1] the set; ARGV[1] score and ARGV[2] member of the place, ARGV[3] '1' if it is included itself, ARGV[4] how many
 */
const AFTER = `
local function isLess(a, b)
  for at = 1, math.min(#a, #b) do
    local left, right = string.byte(a, at), string.byte(b, at)
    if left ~= right then return left < right end
  end
  return #a < #b
end
local first = redis.call('ZCOUNT', KEYS[1], '(' .. ARGV[1], '+inf')
local last = redis.call('ZCOUNT', KEYS[1], ARGV[1], '+inf')
while first < last do
  local middle = math.floor((first + last) / 2)
  local member = redis.call('ZREVRANGE', KEYS[1], middle, middle)[1]
  if isLess(member, ARGV[2]) or (ARGV[3] == '1' and member == ARGV[2]) then last = middle else first = middle + 1 end
end
return redis.call('ZREVRANGE', KEYS[1], first, first + ARGV[4] - 1, 'WITHSCORES')`;

/** The next places of a set, newest first. Fewer than `count`: the walk has ended. */
export async function placesAfter({
  redis,
  key,
  fromMs,
  toMs,
  after,
  count,
}: WalkOptions): Promise<SetPlace[]> {
  // Without a place the walk begins above every member of the greatest score.
  const begin = after ?? { ms: toMs ?? Number.POSITIVE_INFINITY, id: '', isIncluded: false };
  const reply = (
    after === undefined
      ? await redis.zrevrangebyscore(key, toMs ?? '+inf', '-inf', 'WITHSCORES', 'LIMIT', 0, count)
      : await redis.eval(AFTER, 1, key, begin.ms, begin.id, begin.isIncluded ? '1' : '0', count)
  ) as string[];
  const places = Array.from({ length: reply.length / 2 }, (_, index) => ({
    id: reply[2 * index] as string,
    ms: Number(reply[2 * index + 1]),
  }));
  return places.filter(
    ({ ms }) => (fromMs === undefined || ms >= fromMs) && (toMs === undefined || ms <= toMs),
  );
}

const PAGE = 200;

/**
 * All places of a set, one page at a time, newest first. Goes on from the last place and not from its rank, so that nothing is
 * skipped while jobs leave the set. Jobs that enter it after the start are not included.
 */
export async function* walkSet(options: Omit<WalkOptions, 'count' | 'after'>): AsyncGenerator<SetPlace[]> {
  let after: SetPlace | undefined;
  while (true) {
    const places = await placesAfter({ ...options, after, count: PAGE });
    if (places.length > 0) yield places;
    if (places.length < PAGE) return;
    after = places.at(-1);
  }
}
