import type { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { Blockers } from '../failures/blocked-by.js';
import { changeIdOf, changeOf, reasonOf, tableOf } from '../failures/failed-job.js';
import { kindId, kindOf } from '../failures/failures.js';
import { type FailedFilter, headMatches, matches } from '../failures/filter.js';
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
 * What somebody may see of a job. A search compares this and returns this: nobody can find out by searching what they may not
 * see.
 */
export type SearchView = (queue: string, job: StoredJob) => StoredJob;

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

  constructor({ redis, query, view = (_, job) => job, limits }: SearchOptions, queues: readonly Queue[]) {
    this.#redis = redis;
    this.#query = query;
    this.#view = view;
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
      for (const [index, place] of page.entries()) {
        const job = jobs.get(place);
        this.#bytes += job?.dataBytes ?? 0;
        if (job) await this.#lookAt(place, job);
        this.looked += 1;
        this.last = place;
        if (isEnd && begin + index === places.length - 1) return false;
        this.limit = this.#reached();
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
    // A view may hide or replace the reason, so the reason decides after it.
    const { reason: _, ...visible } = state === 'failed' ? filter : ofParked(filter);
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
      for await (const read of readData(this.#redis, queue, wanted))
        for (const job of read) jobs.set(own.get(job.id) as QueuePlace, this.#view(queue.name, job));
    }
    return jobs;
  }

  async #lookAt(place: QueuePlace, job: StoredJob): Promise<void> {
    const { queue } = place;
    const { state, filter } = this.#query;
    if (!matches(state === 'failed' ? filter : ofParked(filter), queue.name, job)) return;
    if (state === 'failed') {
      this.#found.push({ place, job: withoutRows(job), blocker: undefined, isLong: false });
      return;
    }
    const blockerId = await this.#blockers.get(queue)?.of(place.id);
    const blocker = blockerId == null ? undefined : await this.#blocker(queue, blockerId);
    if (!blockerMatches(filter, queue.name, blocker)) return;
    this.#found.push({ place, job: withoutRows(job), blocker, isLong: blockerId === null });
  }

  async #blocker(queue: Queue, id: string): Promise<StoredJob | undefined> {
    const key = queue.toKey(id);
    if (!this.#failed.has(key)) {
      const [head] = await readHeads(this.#redis, queue, [id]);
      this.#failed.set(key, undefined);
      if (head === undefined) return undefined;
      this.#bytes += head.dataBytes;
      for await (const [job] of readData(this.#redis, queue, [head]))
        if (job) this.#failed.set(key, withoutRows(this.#view(queue.name, job)));
    }
    return this.#failed.get(key);
  }

  #reached(): keyof SearchLimits | undefined {
    const { found, looked, bytes, ms } = this.#limits;
    if (this.#found.length >= found) return 'found';
    if (this.looked >= looked) return 'looked';
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
