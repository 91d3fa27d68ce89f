import type { FailedFilter } from '../failures/filter.js';

/** What a search looks through, page by page. Waiting changes are found by their key: see waitingOf. */
export const SEARCHED_STATES = ['failed', 'parked'] as const;
export type SearchedState = (typeof SEARCHED_STATES)[number];

/** One search: of the command line, and of the dashboard's page. */
export interface SearchQuery {
  readonly state: SearchedState;
  /**
   * Of parked changes, `reason`, `kind` and `group` are those of the failed change that they wait for, and `failedFromMs` and
   * `failedToMs` the time at which they were enqueued.
   */
  readonly filter: FailedFilter;
  /** Names of the queues to search. Default: all. */
  readonly queues?: readonly string[] | undefined;
}

/** What one request may cost. The search stops at the first limit, says so, and goes on from its cursor. */
export interface SearchLimits {
  /** Changes to return. */
  readonly found: number;
  /** Jobs to look at. */
  readonly looked: number;
  /** Bytes of data to read. */
  readonly bytes: number;
  readonly ms: number;
}

export const SEARCH_LIMITS: SearchLimits = {
  found: 50,
  looked: 20_000,
  bytes: 64 * 1024 * 1024,
  ms: 2000,
};

/** A failed job that keeps another one parked. */
export interface Blocker {
  readonly id: string;
  readonly op: string;
  readonly table: string | null;
  readonly key: unknown;
  readonly reason: string;
}

/** A change that was found. */
export interface FoundChange {
  readonly queue: string;
  /** Id of the job. */
  readonly id: string;
  /** Position of the change; null for a job that is none. */
  readonly changeId: string | null;
  readonly op: string;
  /** `orders`, or `sales.orders` outside schema public. */
  readonly table: string | null;
  readonly key: unknown;
  readonly committedAt: string | null;
  /** ISO 8601: when it failed, or was enqueued. */
  readonly at: string;
  readonly attempts: number;
  /** Why it failed; null unless it has. */
  readonly reason: string | null;
  /** Name of its group of failures; null unless it has failed. */
  readonly group: string | null;
  /** Number of changes parked behind it, up to MAX_PARKED; null unless it has failed. */
  readonly parked: number | null;
  /** What a parked change waits for: null if that can still run, or if its line is too long to be followed. */
  readonly behind: Blocker | null;
  /** True if the line of a parked change is too long to be followed. */
  readonly isLong: boolean;
}

/** Behind one failed change. The list says "1,000 or more" then. */
export const MAX_PARKED = 1000;

export interface SearchPage {
  /** Newest first. */
  readonly changes: readonly FoundChange[];
  /** Jobs looked at, by this request and those before it. */
  readonly looked: number;
  /** Jobs in that state now. */
  readonly total: number;
  /** Goes on from here; undefined at the end. */
  readonly next: string | undefined;
  /** Which limit ended the request; undefined at the end. */
  readonly limit: keyof SearchLimits | undefined;
}
