import { setTimeout as sleep } from 'node:timers/promises';
import type { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { blockedBy } from '../failures/blocked-by.js';
import { parkedBehind } from '../failures/parked-behind.js';
import { stopped } from './stopped.js';

const AT_ONCE = 200;

/** What became of the replayed changes. */
export interface Followed {
  /** Completed changes, including those that were parked behind the replayed ones. */
  readonly completed: number;
  /** Changes that failed again, or for the first time. They and the changes parked behind them wait again. */
  readonly failed: readonly string[];
  /** Parked behind one that failed. */
  readonly parked: number;
  /** Still running when the signal came. */
  readonly open: number;
}

/** A change and the changes parked behind it, in the order in which they run. */
export type Chain = readonly string[];

/**
 * Each failed change with the changes that are parked behind it now. Read the chains before the replay,
 * because the replay removes these ties. A change that waits for two failed ones is in the chain of the first
 * only.
 */
export async function chainsOf(redis: Redis, queue: Queue, ids: readonly string[]): Promise<Chain[]> {
  const seen = new Set<string>();
  const chains: Chain[] = [];
  for (let start = 0; start < ids.length; start += AT_ONCE) {
    const page = ids.slice(start, start + AT_ONCE);
    const found = await Promise.all(page.map(id => parkedBehind(redis, queue, id)));
    for (const [index, behind] of found.entries()) {
      const shared = behind.findIndex(id => seen.has(id));
      const own = shared === -1 ? behind : behind.slice(0, shared);
      for (const id of own) seen.add(id);
      chains.push([page[index] as string, ...own]);
    }
  }
  return chains;
}

/** Which replayed changes to wait for. */
export interface FollowOptions {
  readonly redis: Redis;
  readonly queue: Queue;
  /** As `chainsOf` returned them before the replay. */
  readonly chains: readonly Chain[];
  /** Called after each look, with how many changes have ended. */
  readonly onProgress?: (done: number, total: number) => void;
  /** Ends the wait. */
  readonly signal?: AbortSignal;
  /** Milliseconds between two looks. */
  readonly intervalMs?: number;
}

interface Followee {
  readonly ids: Chain;
  completed: number;
  end: 'completed' | 'failed' | 'parked' | undefined;
}

/**
 * Waits until every change of the chains has completed, has failed, or is parked behind a failed one. A job
 * that no longer exists has completed, because failed jobs stay. Changes that join the chains meanwhile are
 * not waited for.
 */
export async function followReplayed(options: FollowOptions): Promise<Followed> {
  const { redis, queue, signal, onProgress, intervalMs = 200 } = options;
  const all = options.chains.map((ids): Followee => ({ ids, completed: 0, end: undefined }));
  const total = all.reduce((sum, { ids }) => sum + ids.length, 0);
  try {
    while (!signal?.aborted) {
      const open = all.filter(({ end }) => end === undefined);
      if (open.length === 0) break;
      for (let start = 0; start < open.length && !signal?.aborted; start += AT_ONCE)
        await Promise.all(open.slice(start, start + AT_ONCE).map(chain => advance(redis, queue, chain)));
      onProgress?.(total - followedOf(all).open, total);
      if (all.some(({ end }) => end === undefined))
        await sleep(intervalMs, undefined, signal ? { signal } : {}).catch(() => undefined);
    }
  } catch (cause) {
    const { completed } = followedOf(all);
    throw stopped(redis, `${completed} of ${total} changes of queue ${queue.name} completed so far`, cause);
  }
  return followedOf(all);
}

/** Advances along the chain as far as it has run. */
async function advance(redis: Redis, queue: Queue, chain: Followee): Promise<void> {
  while (chain.end === undefined) {
    const end = await endOf(redis, queue, chain.ids[chain.completed] as string);
    if (end === undefined) return;
    if (end === 'completed') chain.completed += 1;
    if (end !== 'completed' || chain.completed === chain.ids.length) chain.end = end;
  }
}

async function endOf(redis: Redis, queue: Queue, id: string): Promise<Followee['end']> {
  switch (await queue.getJobState(id)) {
    case 'completed':
    case 'unknown':
      return 'completed';
    case 'failed':
      return 'failed';
    case 'waiting-children':
      return (await blockedBy(redis, queue, id)) === undefined ? undefined : 'parked';
    default:
      return undefined;
  }
}

function followedOf(chains: readonly Followee[]): Followed {
  const count = (end: Followee['end']) =>
    chains.reduce((sum, chain) => sum + (chain.end === end ? chain.ids.length - chain.completed : 0), 0);
  const failed = chains.flatMap(({ end, ids, completed }) =>
    end === 'failed' ? [ids[completed] as string] : [],
  );
  return {
    completed: chains.reduce((sum, { completed }) => sum + completed, 0),
    failed,
    // In a chain that failed: all changes behind the failed one.
    parked: count('parked') + count('failed') - failed.length,
    open: count(undefined),
  };
}
