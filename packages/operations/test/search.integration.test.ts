import { formatPosition, toLsn } from '@walmq/change';
import { type EmbeddedRedis, startRedis } from '@walmq/embedded';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { FailedFilter } from '../src/failures/filter.js';
import type { StoredJob } from '../src/failures/stored-job.js';
import type { SearchLimits, SearchQuery } from '../src/search/query.js';
import { type SearchView, search } from '../src/search/search.js';

let server: EmbeddedRedis;
let redis: Redis;
let orders: Queue;
let mails: Queue;

beforeAll(async () => {
  server = await startRedis();
  redis = new Redis(server.url, { maxRetriesPerRequest: null });
  [orders, mails] = ['orders', 'mails'].map(name => new Queue(name, { connection: redis })) as [Queue, Queue];
});
afterAll(async () => {
  await Promise.all([orders?.close(), mails?.close()]);
  redis?.disconnect();
  await server?.stop();
});
beforeEach(() => redis.flushdb());

const START_MS = Date.parse('2026-01-31T10:00:00Z');
const idOf = (n: number) => `${formatPosition({ lsn: toLsn(0x19f2b40n), seq: n })}-test`;

interface Given {
  readonly reason?: string;
  readonly atMs?: number;
  readonly email?: string;
  readonly table?: string;
  /** Numbers of the failed or parked jobs that it waits for. */
  readonly behind?: readonly number[];
}

/** A job as BullMQ leaves it: failed, or parked behind others. Many are written faster so than they fail. */
async function put(queue: Queue, n: number, given: Given = {}): Promise<void> {
  const {
    reason = 'broken',
    atMs = START_MS + n,
    email = `${n}@example.com`,
    table = 'orders',
    behind,
  } = given;
  const data = JSON.stringify({
    id: idOf(n).slice(0, -5),
    op: 'insert',
    schema: 'public',
    table,
    key: { id: n },
    before: null,
    after: { id: n, email },
    tx: { committedAt: new Date(atMs).toISOString() },
  });
  const key = queue.toKey(idOf(n));
  const fields = { name: 'insert', data, atm: '3', timestamp: String(atMs) };
  if (behind === undefined) {
    await redis.hset(key, { ...fields, failedReason: reason, finishedOn: String(atMs) });
    await redis.zadd(queue.toKey('failed'), atMs, idOf(n));
    return;
  }
  await redis.hset(key, fields);
  await redis.zadd(queue.toKey('waiting-children'), atMs, idOf(n));
  for (const before of behind) {
    await redis.sadd(`${key}:dependencies`, queue.toKey(idOf(before)));
    await redis.hset(queue.toKey(idOf(before)), { parentKey: key });
  }
}

interface Asked {
  readonly state?: SearchQuery['state'];
  readonly filter?: FailedFilter;
  readonly limits?: Partial<SearchLimits>;
  readonly cursor?: string | undefined;
  readonly view?: SearchView;
}

async function ask({ state = 'failed', filter = {}, ...rest }: Asked = {}) {
  return await search({ redis, queues: [orders, mails], query: { state, filter }, ...rest });
}

/** All pages: numbers of the changes found, in their order. */
async function all(asked: Asked): Promise<number[]> {
  const numbers: number[] = [];
  let cursor: string | undefined;
  do {
    const page = await ask({ ...asked, cursor });
    for (const { key } of page.changes) numbers.push((key as { id: number }).id);
    cursor = page.next;
  } while (cursor !== undefined);
  return numbers;
}

describe('a search through failed changes', () => {
  it.each<[string, FailedFilter, number[]]>([
    ['all, newest first', {}, [5, 4, 3, 2, 1]],
    ['by table', { table: 'items' }, [4]],
    ['by key', { key: { id: '3' } }, [3]],
    ['by the values of the key', { keyValues: ['2'] }, [2]],
    ['by a column of the row', { key: { email: 'Ann@example.com' } }, [5]],
    ['by reason, in any case', { reason: 'SMTP' }, [2, 1]],
    ['by text in a row', { text: 'ann@' }, [5]],
    ['by text in a reason', { text: 'smtp' }, [2, 1]],
    ['by text: names of columns are none', { text: 'email' }, []],
    ['by time of failure', { failedFromMs: START_MS + 2, failedToMs: START_MS + 4 }, [4, 3, 2]],
    ['by time of commit', { committedFromMs: START_MS + 5 }, [5]],
    ['by id', { ids: new Set([idOf(3)]) }, [3]],
    ['by two conditions', { reason: 'smtp', key: { id: '1' } }, [1]],
  ])('finds them %s', async (_by, filter, expected) => {
    await put(orders, 1, { reason: 'smtp is away' });
    await put(mails, 2, { reason: 'SMTP is away' });
    await put(orders, 3);
    await put(mails, 4, { table: 'items' });
    await put(orders, 5, { email: 'Ann@example.com' });
    expect(await all({ filter })).toEqual(expected);
    expect(await all({ filter, limits: { found: 1 } })).toEqual(expected);
    expect(await all({ filter, limits: { looked: 2 } })).toEqual(expected);
    expect(await all({ filter, limits: { bytes: 1 } })).toEqual(expected);
  });

  it('says what a change is, and how many are parked behind it', async () => {
    await put(orders, 1, { reason: 'order 1 is broken' });
    await put(orders, 2, { behind: [1] });
    await put(orders, 3, { behind: [2] });
    const { changes, looked, total, next, limit } = await ask();
    expect({ looked, total, next, limit }).toEqual({
      looked: 1,
      total: 1,
      next: undefined,
      limit: undefined,
    });
    expect(changes).toMatchObject([
      { queue: 'orders', id: idOf(1), op: 'insert', table: 'orders', key: { id: 1 }, attempts: 3, parked: 2 },
    ]);
    expect(changes[0]).toMatchObject({
      reason: 'order 1 is broken',
      at: new Date(START_MS + 1).toISOString(),
    });
  });

  it('keeps its place while failures come, go and share a millisecond', async () => {
    const numbers = Array.from({ length: 500 }, (_, index) => index + 1);
    await Promise.all(numbers.map(n => put(n % 2 ? orders : mails, n, { atMs: START_MS })));
    const first = await ask({ limits: { found: 100 } });
    // The very job of the cursor goes, another one fails anew, and later ones arrive.
    const last = first.changes.at(-1);
    await redis.zrem(orders.toKey('failed'), last?.id as string);
    await redis.zrem(mails.toKey('failed'), last?.id as string);
    await put(orders, 1000, { atMs: START_MS + 1 });
    const rest: number[] = [];
    let cursor = first.next;
    while (cursor !== undefined) {
      const page = await ask({ limits: { found: 100 }, cursor });
      for (const { key } of page.changes) rest.push((key as { id: number }).id);
      cursor = page.next;
    }
    expect(rest).toEqual(numbers.slice(0, 400).reverse());
  });

  it('shows a change of two queues twice, at whatever page border', async () => {
    for (const n of [1, 2, 3]) for (const queue of [orders, mails]) await put(queue, n, { atMs: START_MS });
    expect(await all({ limits: { found: 1 } })).toEqual([3, 3, 2, 2, 1, 1]);
  });

  it('is bounded, says how far it came, and goes on', async () => {
    const numbers = Array.from({ length: 300 }, (_, index) => index + 1);
    await Promise.all(numbers.map(n => put(orders, n, n === 1 ? { reason: 'smtp' } : {})));
    const filter = { reason: 'smtp' };
    const first = await ask({ filter, limits: { looked: 100 } });
    expect(first).toMatchObject({ changes: [], looked: 100, total: 300, limit: 'looked' });
    const second = await ask({ filter, limits: { looked: 100 }, cursor: first.next });
    expect(second).toMatchObject({ changes: [], looked: 200, limit: 'looked' });
    const third = await ask({ filter, limits: { looked: 100 }, cursor: second.next });
    expect(third).toMatchObject({ looked: 300, next: undefined });
    expect(third.changes).toHaveLength(1);
    expect(await ask({ limits: { ms: 0, found: 1000 } })).toMatchObject({ looked: 200, limit: 'ms' });
  });

  it.each([
    ['no cursor', 'x'],
    ['the cursor of another search', ''],
  ])('refuses %s', async (_what, text) => {
    for (const n of [1, 2]) await put(orders, n);
    const { next } = await ask({ limits: { found: 1 } });
    const cursor = text || next;
    await expect(ask({ filter: { text: 'x' }, cursor })).rejects.toMatchObject({ code: 'CURSOR_INVALID' });
  });

  it('compares only what the viewer may see', async () => {
    await put(orders, 1, { reason: 'ann@example.com is unknown', email: 'ann@example.com' });
    const blind: SearchView = {
      replacesReason: true,
      show: (_, job) => ({
        ...job,
        data: { table: 'orders' },
        failedReason: '<address> is unknown',
      }),
    };
    const masked: SearchView = { replacesReason: false, show: (_, job) => withoutEmail(job) };
    for (const filter of [
      { text: 'ann@' },
      { reason: 'ann@' },
      { key: { id: '1' } },
      { keyValues: ['1'] },
      { key: { email: 'ann@example.com' } },
      { committedFromMs: 0 },
    ]) {
      expect((await ask({ filter })).changes).toHaveLength(1);
      expect((await ask({ filter, view: blind })).changes).toEqual([]);
    }
    expect((await ask({ filter: { reason: 'unknown' }, view: blind })).changes).toMatchObject([
      { key: null },
    ]);
    expect((await ask({ filter: { key: { email: 'ann@example.com' } }, view: masked })).changes).toEqual([]);
    expect((await ask({ filter: { keyValues: ['1'] }, view: masked })).changes).toHaveLength(1);
  });

  it('finds jobs of other tools by reason and text, and reads what is no JSON as nothing', async () => {
    await put(orders, 1);
    await redis.hset(orders.toKey('x'), {
      name: 'report',
      data: '{',
      failedReason: 'no such report',
      finishedOn: '1',
    });
    await redis.zadd(orders.toKey('failed'), 1, 'x');
    expect((await ask({ filter: { text: 'report' } })).changes).toMatchObject([
      { id: 'x', changeId: null, table: null, key: null, op: 'report' },
    ]);
  });
});

describe('a search through parked changes', () => {
  it('says which failed change each one waits for, and finds them by its reason', async () => {
    await put(orders, 1, { reason: 'smtp is away' });
    await put(orders, 2, { behind: [1] });
    await put(orders, 3, { behind: [2] });
    await put(orders, 4, { reason: 'other' });
    await put(orders, 5, { behind: [4] });
    // Waits for one that still runs.
    await put(orders, 7, { behind: [6] });
    const { changes, total } = await ask({ state: 'parked' });
    expect(total).toBe(4);
    expect(changes.map(({ key, behind }) => [key, behind?.id])).toEqual([
      [{ id: 7 }, undefined],
      [{ id: 5 }, idOf(4)],
      [{ id: 3 }, idOf(1)],
      [{ id: 2 }, idOf(1)],
    ]);
    expect(await all({ state: 'parked', filter: { reason: 'smtp' } })).toEqual([3, 2]);
    expect(await all({ state: 'parked', filter: { reason: 'smtp', key: { id: '2' } } })).toEqual([2]);
    expect(await all({ state: 'parked', filter: { text: '5@example' } })).toEqual([5]);
  });

  it('follows a long line once, and one that branches', async () => {
    await put(orders, 1, { reason: 'first' });
    const line = Array.from({ length: 1199 }, (_, index) => index + 2);
    await Promise.all(line.map(n => put(orders, n, { behind: [n - 1] })));
    await put(orders, 3000, { behind: [2999, 1200] });
    const page = await ask({ state: 'parked', limits: { found: 3000 } });
    expect(page.changes).toHaveLength(1200);
    expect(new Set(page.changes.map(({ behind }) => behind?.id))).toEqual(new Set([idOf(1)]));
  });
});

function withoutEmail(job: StoredJob): StoredJob {
  const { data } = job as { data: { after: object } };
  return { ...job, data: { ...data, after: { ...data.after, email: '[hidden]' } } };
}
