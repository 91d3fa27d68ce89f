import { createHash } from 'node:crypto';
import { assembleScript, runScript } from '@walmq/bullmq-lua';
import type { Redis } from 'ioredis';

/** From src and from dist alike: the Lua is read where it is written, so a build cannot leave an old copy behind. */
const LUA_FOLDER = new URL('../../src/hold/lua/', import.meta.url);

/** A queue, as its keys in Redis name it. */
export interface HeldQueue {
  readonly prefix: string;
  readonly name: string;
}

/** What a hold tells of itself. It is the data of a job, which whoever sees the queue can read. */
export interface HoldLabel {
  /** The key as a person knows it: `orders id=42`. Undefined where the queue hides its keys. */
  readonly key?: string | undefined;
  readonly by: string;
  readonly reason?: string | undefined;
  /** ISO 8601, UTC. */
  readonly at: string;
}

/** What a pause of a key met. */
export interface Held {
  /** True if the key was paused already. */
  readonly wasHeld: boolean;
  /** The first unfinished job of the key; undefined if there is none. */
  readonly head: { readonly id: string; readonly state: HeadState } | undefined;
}

/** An active change runs to the end of its attempt, and a failed one stays failed; all others wait. */
export type HeadState =
  | 'active'
  | 'failed'
  | 'delayed'
  | 'prioritized'
  | 'wait'
  | 'paused'
  | 'waiting-children'
  | 'unknown';

/** A paused key. */
export interface HeldKey extends HoldLabel {
  /** Name of the ordering key in Redis. */
  readonly orderingKey: string;
}

/** With what the id of a hold begins. */
export const HOLD_PREFIX = 'walmq-hold-';

/** The id of a key's hold: the same at each try, and without the colons that BullMQ's scripts read as separators. */
export function holdId(orderingKey: string): string {
  return `${HOLD_PREFIX}${createHash('sha256').update(orderingKey).digest('hex').slice(0, 32)}`;
}

export function isHold(jobId: string): boolean {
  return jobId.startsWith(HOLD_PREFIX);
}

function baseOf({ prefix, name }: HeldQueue): string {
  return `${prefix}:${name}:`;
}

/**
 * Pauses an ordering key: its waiting and later changes wait, whoever works on the queue, and all other keys run. Atomic. Call it
 * again to hold a change too that was active before and waits for its next attempt.
 */
export async function holdKey(
  redis: Redis,
  queue: HeldQueue,
  { orderingKey, label }: { readonly orderingKey: string; readonly label: HoldLabel },
): Promise<Held> {
  const base = baseOf(queue);
  const [wasHeld, id, state] = (await runScript(redis, assembleScript(LUA_FOLDER, 'hold'), [
    1,
    `${base}meta`,
    base,
    orderingKey,
    holdId(orderingKey),
    JSON.stringify(label),
    Date.now(),
  ])) as [number, string, HeadState];
  return { wasHeld: wasHeld === 1, head: id === '' ? undefined : { id, state } };
}

/** Resumes a key. Returns undefined if it was not paused, else the change that is ready now, if one waited for nothing else. */
export async function releaseKey(
  redis: Redis,
  queue: HeldQueue,
  orderingKey: string,
): Promise<{ readonly ready: string | undefined } | undefined> {
  const base = baseOf(queue);
  const [wasHeld, ready] = (await runScript(redis, assembleScript(LUA_FOLDER, 'release'), [
    1,
    `${base}meta`,
    base,
    orderingKey,
    holdId(orderingKey),
    Date.now(),
  ])) as [number, string];
  return wasHeld === 1 ? { ready: ready === '' ? undefined : ready } : undefined;
}

/** Number of paused keys of a queue. */
export async function countHeld(redis: Redis, queue: HeldQueue): Promise<number> {
  return await redis.hlen(`${baseOf(queue)}walmq:held`);
}

/** The paused keys of a queue, at most `most`. */
export async function readHeld(redis: Redis, queue: HeldQueue, most = 100): Promise<HeldKey[]> {
  const base = baseOf(queue);
  const found = new Map<string, string>();
  let cursor = '0';
  do {
    const [next, pairs] = await redis.hscan(`${base}walmq:held`, cursor, 'COUNT', most);
    for (let at = 0; at < pairs.length && found.size < most; at += 2)
      found.set(pairs[at] as string, pairs[at + 1] as string);
    cursor = next;
  } while (cursor !== '0' && found.size < most);
  const datas = await Promise.all([...found.values()].map(id => redis.hget(`${base}${id}`, 'data')));
  return [...found.keys()].flatMap((orderingKey, index) => {
    const data = datas[index];
    return data == null ? [] : [{ ...(JSON.parse(data) as HoldLabel), orderingKey }];
  });
}
