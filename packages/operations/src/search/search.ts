import type { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { Blockers } from '../failures/blocked-by.js';
import { changeIdOf, changeOf, reasonOf, tableOf } from '../failures/failed-job.js';
import { kindId, kindOf } from '../failures/failures.js';
import { dataMayMatch, type FailedFilter, headMatches, matches } from '../failures/filter.js';
import { normalizeReason } from '../failures/normalize-reason.js';
import { parkedBehind } from '../failures/parked-behind.js';
import { BYTES_AT_ONCE, type JobHead, readData, readHeads, type StoredJob } from '../failures/stored-job.js';
import { readCursor, writeCursor } from './cursor.js';
import {
  type Blocker,
  type FoundChange,
  MAX_PARKED,
  SEARCH_LIMITS,
  type SearchLimits,
  type SearchPage,
  type SearchQuery,
} from './query.js';
import { type QueuePlace, walkQueues } from './walk-queues.js';

/**
 * What somebody may see. A search compares this and returns this: nobody can find out by searching what they may not see.
 */
export interface SearchView {
  readonly show: (queue: string, job: StoredJob) => StoredJob;
  /** True if `show` replaces parts of a reason: then the stored reason decides nothing. */
  readonly replacesReason: boolean;
}

const EVERYTHING: SearchView = { show: (_, job) => job, replacesReason: false };

/** The job for somebody who may see states and times but no data: its table, and its reason without values. */
export function withoutValues(job: StoredJob): StoredJob {
  const { schema, table, tx } = changeOf(job) ?? {};
  return { ...job, data: { schema, table, tx }, failedReason: normalizeReason(reasonOf(job)) };
}

export interface SearchOptions {
  readonly redis: Redis;
  readonly queues: readonly Queue[];
  readonly query: SearchQuery;
  /** From the page before. */
  readonly cursor?: string | undefined;
  readonly limits?: Partial<SearchLimits>;
  /** Default: everything. */
  readonly view?: SearchView;
}

/** Jobs to look at together: of each, the parts beside its data are in memory. */
const HEADS = 200;
/** Jobs of lines of parked changes that one request follows. */
const MOST_FOLLOWED = 100_000;

/**
 * The next page of a search: newest first, over all queues. Costs no more than `limits`. Throws CURSOR_INVALID.
 */
export async function search(options: SearchOptions): Promise<SearchPage> {
  const { redis, query } = options;
  const queues = query.queues
    ? options.queues.filter(({ name }) => query.queues?.includes(name))
    : options.queues;
  const set = query.state === 'failed' ? 'failed' : 'waiting-children';
  const after = options.cursor === undefined ? undefined : readCursor(query, options.cursor);
  const { failedFromMs: fromMs, failedToMs: toMs } = query.filter;
  const counts = Promise.all(
    queues.map(queue => redis.zcount(queue.toKey(set), fromMs ?? '-inf', toMs ?? '+inf')),
  );
  const request = new Request(options, queues);
  let batch: QueuePlace[] = [];
  for await (const place of walkQueues({ redis, queues, set, fromMs, toMs, after })) {
    batch.push(place);
    if (batch.length < HEADS) continue;
    if (await request.look(batch)) break;
    batch = [];
  }
  if (request.limit === undefined && batch.length > 0) await request.look(batch, true);
  const { last, limit } = request;
  const looked = (after?.looked ?? 0) + request.looked;
  const total = (await counts).reduce((sum, count) => sum + count, 0);
  const next =
    limit === undefined || last === undefined
      ? undefined
      : writeCursor(query, { ms: last.ms, id: last.id, queue: last.queue.name, looked });
  return { changes: await request.changes(), looked, total, next, limit };
}

interface Found {
  readonly place: QueuePlace;
  /** Without its rows: those of a whole page may be large. */
  readonly job: StoredJob;
  readonly blocker: StoredJob | undefined;
  readonly isLong: boolean;
}

/** One request of a search, within its limits. */
class Request {
  readonly #redis: Redis;
  readonly #query: SearchQuery;
  readonly #view: SearchView;
  readonly #mayMatch: ReturnType<typeof dataMayMatch>;
  readonly #limits: SearchLimits;
  readonly #blockers: ReadonlyMap<Queue, Blockers>;
  /** Failed jobs behind which others are parked, by queue and id. */
  readonly #failed = new Map<string, StoredJob | undefined>();
  readonly #startMs = performance.now();
  readonly #found: Found[] = [];
  #bytes = 0;
  looked = 0;
  /** The last job that was looked at. */
  last: QueuePlace | undefined;
  limit: keyof SearchLimits | undefined;

  constructor({ redis, query, view = EVERYTHING, limits }: SearchOptions, queues: readonly Queue[]) {
    this.#redis = redis;
    this.#query = query;
    this.#view = view;
    this.#mayMatch = view.replacesReason ? () => true : dataMayMatch(query.filter);
    this.#limits = { ...SEARCH_LIMITS, ...limits };
    this.#blockers = new Map(queues.map(queue => [queue, new Blockers(redis, queue, MOST_FOLLOWED)]));
  }

  /** Looks at jobs in their order; true if a limit ended it. `isEnd`: nothing comes after them. */
  async look(places: readonly QueuePlace[], isEnd = false): Promise<boolean> {
    const heads = await this.#candidates(places);
    let begin = 0;
    while (begin < places.length) {
      const end = pageEnd(places, heads, begin);
      const page = places.slice(begin, end);
      const jobs = await this.#read(page, heads);
      for (const place of page) this.#bytes += heads.get(place)?.dataBytes ?? 0;
      const found = await this.#matching(page, jobs);
      for (const [index, place] of page.entries()) {
        const match = found.get(place);
        if (match) this.#found.push(match);
        this.looked += 1;
        this.last = place;
        if (isEnd && begin + index === places.length - 1) return false;
        this.limit = this.#reached(index === page.length - 1);
        if (this.limit !== undefined) return true;
      }
      begin = end;
    }
    return false;
  }

  async changes(): Promise<FoundChange[]> {
    return await Promise.all(this.#found.map(found => this.#changeOf(found)));
  }

  /** Jobs that may match, as far as it shows without their data. */
  async #candidates(places: readonly QueuePlace[]): Promise<Map<QueuePlace, JobHead>> {
    const { state, filter } = this.#query;
    const own = state === 'failed' ? filter : ofParked(filter);
    const { reason: _, ...withoutReason } = own;
    const visible = this.#view.replacesReason ? withoutReason : own;
    const heads = new Map<QueuePlace, JobHead>();
    for (const [queue, own] of byQueue(places))
      for (const head of await readHeads(this.#redis, queue, [...own.keys()]))
        if (headMatches(visible, head)) heads.set(own.get(head.id) as QueuePlace, head);
    return heads;
  }

  /** The candidates among these, as the viewer may see them. */
  async #read(
    places: readonly QueuePlace[],
    heads: ReadonlyMap<QueuePlace, JobHead>,
  ): Promise<Map<QueuePlace, StoredJob>> {
    const jobs = new Map<QueuePlace, StoredJob>();
    for (const [queue, own] of byQueue(places.filter(place => heads.has(place)))) {
      const wanted = [...own.values()].map(place => heads.get(place) as JobHead);
      for await (const read of readData(this.#redis, queue, wanted, this.#mayMatch))
        for (const job of read) jobs.set(own.get(job.id) as QueuePlace, this.#view.show(queue.name, job));
    }
    return jobs;
  }

  async #matching(
    places: readonly QueuePlace[],
    jobs: ReadonlyMap<QueuePlace, StoredJob>,
  ): Promise<Map<QueuePlace, Found>> {
    const { state, filter } = this.#query;
    const own = state === 'failed' ? filter : ofParked(filter);
    const found = new Map<QueuePlace, Found>();
    for (const place of places) {
      const job = jobs.get(place);
      if (job && matches(own, place.queue.name, job))
        found.set(place, { place, job: withoutRows(job), blocker: undefined, isLong: false });
    }
    return state === 'failed' ? found : await this.#withBlockers(found);
  }

  /** Parked changes with what they wait for, if that matches too. */
  async #withBlockers(found: ReadonlyMap<QueuePlace, Found>): Promise<Map<QueuePlace, Found>> {
    const blocked = new Map<QueuePlace, Found>();
    for (const [queue, own] of byQueue([...found.keys()])) {
      const blockers = this.#blockers.get(queue) as Blockers;
      await blockers.prime([...own.keys()]);
      const ids = new Map<string, string | undefined | null>();
      for (const id of own.keys()) ids.set(id, await blockers.of(id));
      await this.#readFailed(queue, new Set([...ids.values()].filter(id => id != null)));
      for (const [id, place] of own) {
        const blockerId = ids.get(id);
        const blocker = blockerId == null ? undefined : this.#failed.get(queue.toKey(blockerId));
        if (blockerMatches(this.#query.filter, queue.name, blocker))
          blocked.set(place, { ...(found.get(place) as Found), blocker, isLong: blockerId === null });
      }
    }
    return blocked;
  }

  async #readFailed(queue: Queue, ids: ReadonlySet<string>): Promise<void> {
    const fresh = [...ids].filter(id => !this.#failed.has(queue.toKey(id)));
    const heads = await readHeads(this.#redis, queue, fresh);
    for (const { dataBytes } of heads) this.#bytes += dataBytes;
    for await (const jobs of readData(this.#redis, queue, heads))
      for (const job of jobs)
        this.#failed.set(queue.toKey(job.id), withoutRows(this.#view.show(queue.name, job)));
  }

  /** Bytes and time were spent on the whole page, so they end it at its end. */
  #reached(isPageEnd: boolean): keyof SearchLimits | undefined {
    const { found, looked, bytes, ms } = this.#limits;
    if (this.#found.length >= found) return 'found';
    if (this.looked >= looked) return 'looked';
    if (!isPageEnd) return undefined;
    if (this.#bytes >= bytes) return 'bytes';
    return performance.now() - this.#startMs >= ms ? 'ms' : undefined;
  }

  async #changeOf({ place, job, blocker, isLong }: Found): Promise<FoundChange> {
    const { queue, ms } = place;
    const hasFailed = this.#query.state === 'failed';
    const change = changeOf(job);
    return {
      queue: queue.name,
      id: job.id,
      changeId: changeIdOf(job.id) ?? null,
      op: job.name,
      table: tableOf(change) ?? null,
      key: change?.key ?? null,
      committedAt: change?.tx?.committedAt ?? null,
      at: new Date(ms).toISOString(),
      attempts: job.attemptsMade,
      reason: hasFailed ? reasonOf(job) : null,
      group: hasFailed ? kindId(kindOf(queue.name, job)) : null,
      parked: hasFailed ? (await parkedBehind(this.#redis, queue, job.id, MAX_PARKED)).length : null,
      behind: blocker === undefined ? null : blockerOf(blocker),
      isLong,
    };
  }
}

function byQueue(places: readonly QueuePlace[]): Map<Queue, Map<string, QueuePlace>> {
  const queues = new Map<Queue, Map<string, QueuePlace>>();
  for (const place of places) {
    const own = queues.get(place.queue) ?? new Map<string, QueuePlace>();
    queues.set(place.queue, own.set(place.id, place));
  }
  return queues;
}

/** End of the places whose data is read together: a few megabytes. */
function pageEnd(
  places: readonly QueuePlace[],
  heads: ReadonlyMap<QueuePlace, JobHead>,
  begin: number,
): number {
  let end = begin;
  let bytes = 0;
  while (end < places.length && (end === begin || bytes < BYTES_AT_ONCE)) {
    bytes += heads.get(places[end] as QueuePlace)?.dataBytes ?? 0;
    end += 1;
  }
  return end;
}

function withoutRows(job: StoredJob): StoredJob {
  const { schema, table, key, tx } = changeOf(job) ?? {};
  return { ...job, data: { schema, table, key, tx } };
}

/** The conditions that a parked change itself has to meet. */
function ofParked(filter: FailedFilter): FailedFilter {
  const {
    reason: _reason,
    kind: _kind,
    group: _group,
    failedFromMs: _from,
    failedToMs: _to,
    ...own
  } = filter;
  return own;
}

function blockerMatches(
  { reason, kind, group }: FailedFilter,
  queue: string,
  blocker: StoredJob | undefined,
): boolean {
  const conditions = Object.entries({ reason, kind, group }).filter(([, value]) => value !== undefined);
  if (conditions.length === 0) return true;
  return blocker !== undefined && matches(Object.fromEntries(conditions), queue, blocker);
}

function blockerOf(job: StoredJob): Blocker {
  const change = changeOf(job);
  return {
    id: job.id,
    op: job.name,
    table: tableOf(change) ?? null,
    key: change?.key ?? null,
    reason: reasonOf(job),
  };
}
