import type { Change } from '@walmq/change';
import type { QueueReader, SearchedSet } from '../queue-reader.js';
import { storedChange } from '../stored-change.js';

/** Number of jobs to read at each end of a list or set that has no index by key. */
export const MOST_SEARCHED = 1000;
/** Number of completed jobs to read, newest first. */
export const MOST_COMPLETED = 2000;
/** Number of jobs of one line to follow. */
export const MOST_FOLLOWED = 20_000;
/** Bytes of jobs to read in one search. */
const MOST_BYTES = 32 * 1024 * 1024;
const PAGE = 100;

/** Where a search for jobs without an index by key looks. */
const UNFINISHED: readonly SearchedSet[] = [
  'active',
  'wait',
  'paused',
  'prioritized',
  'delayed',
  'waiting-children',
  'failed',
];

export interface SearchOptions {
  readonly reader: QueueReader;
  readonly matches: (change: Change) => boolean;
}

/** Jobs that match, with their changes. `isWhole` is false if there are jobs that were not read. */
export interface Searched {
  readonly changes: ReadonlyMap<string, Change>;
  readonly isWhole: boolean;
}

/** The unfinished jobs of some ordering keys. */
export interface Line {
  /** Ids, in the order of the stream. */
  readonly ids: readonly string[];
  /** From each job to those that it waits for. */
  readonly links: ReadonlyMap<string, readonly string[]>;
  /** False if the line is longer than was followed: then its head is not known. */
  readonly isWhole: boolean;
}

/** Follows the pointer of each ordering key to its last job, and from there the jobs that wait for each other. */
export async function followLine(reader: QueueReader, orderingKeys: readonly string[]): Promise<Line> {
  const last = await reader.lastJobs(orderingKeys);
  const { links, isWhole } = await reader.descend(last, MOST_FOLLOWED);
  return { ids: [...links.keys()].sort(), links, isWhole };
}

/** Reads the newest completed jobs. */
export async function searchCompleted(options: SearchOptions): Promise<Searched> {
  const { reader } = options;
  const sieve = new Sieve(options);
  const size = await reader.size('completed');
  const ids = await reader.endOf('completed', { newest: true, from: 0, count: MOST_COMPLETED });
  const isRead = await sieve.read(ids);
  return { changes: sieve.changes, isWhole: isRead && size <= MOST_COMPLETED };
}

/** Reads both ends of all lists and sets of unfinished jobs: for jobs that no ordering key leads to. */
export async function searchUnfinished(options: SearchOptions): Promise<Searched> {
  const { reader } = options;
  const sieve = new Sieve(options);
  let isWhole = true;
  for (const set of UNFINISHED) {
    const size = await reader.size(set);
    if (size === 0) continue;
    const newest = await reader.endOf(set, { newest: true, from: 0, count: MOST_SEARCHED });
    const rest = Math.min(MOST_SEARCHED, size - newest.length);
    const oldest = rest > 0 ? await reader.endOf(set, { newest: false, from: 0, count: rest }) : [];
    isWhole =
      (await sieve.read([...new Set([...oldest, ...newest])])) && isWhole && size <= 2 * MOST_SEARCHED;
  }
  return { changes: sieve.changes, isWhole };
}

/** Reads these jobs: the oldest and the newest of many. */
export async function searchAmong(options: SearchOptions, ids: readonly string[]): Promise<Searched> {
  const sieve = new Sieve(options);
  const few = ids.length <= 2 * MOST_SEARCHED;
  const isRead = await sieve.read(few ? ids : [...ids.slice(0, MOST_SEARCHED), ...ids.slice(-MOST_SEARCHED)]);
  return { changes: sieve.changes, isWhole: few && isRead };
}

/** Reads jobs page by page until a budget of bytes is spent, and keeps those that match. */
class Sieve {
  readonly changes = new Map<string, Change>();
  readonly #options: SearchOptions;
  #bytes = 0;

  constructor(options: SearchOptions) {
    this.#options = options;
  }

  /** False if the budget ended the search. */
  async read(ids: readonly string[]): Promise<boolean> {
    const { reader, matches } = this.#options;
    for (let start = 0; start < ids.length; start += PAGE) {
      if (this.#bytes > MOST_BYTES) return false;
      const page = ids.slice(start, start + PAGE);
      for (const [index, data] of (await reader.data(page)).entries()) {
        this.#bytes += data?.length ?? 0;
        const change = storedChange(data);
        if (change && matches(change)) this.changes.set(page[index] as string, change);
      }
    }
    return true;
  }
}
