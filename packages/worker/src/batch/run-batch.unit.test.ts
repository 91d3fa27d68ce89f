import { setMaxListeners } from 'node:events';
import type { Change } from '@walmq/change';
import fc from 'fast-check';
import { Pool } from 'pg';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import type { BatchHandler } from '../define/batch.js';
import { recordsIn } from '../effects/records.js';
import { workerMetrics } from '../metrics/metrics.js';
import type { BatchTask } from './batch-task.js';
import { runBatch } from './run-batch.js';

/** Never connects: the handlers of these tests do not use PostgreSQL. */
const records = recordsIn(new Pool());
const log = pino({ level: 'silent' });

/** Runs a handler on changes that are numbered from 0. Resolves to the outcome of each. */
async function run(
  count: number,
  handler: BatchHandler<Change>,
  { stopping = new AbortController().signal, lastTry = false } = {},
) {
  // Each change that runs alone adds one listener.
  setMaxListeners(0, stopping);
  const endings = new Map<number, unknown>();
  const tasks = Array.from({ length: count }, (_, number): BatchTask => {
    const changeId = String(number).padStart(4, '0');
    const end = (ending: unknown) => {
      expect(endings.has(number)).toBe(false);
      endings.set(number, ending);
    };
    return {
      change: { id: changeId } as Change,
      changeId,
      jobId: changeId,
      job: { name: 'insert', source: '', attempt: 1, json: async () => '{}' },
      isLastTry: lastTry,
      resolve: result => end({ result }),
      reject: error => end({ error }),
    };
  });
  await runBatch(tasks.toReversed(), {
    definition: { size: count, waitMs: 0, handler },
    config: { name: 'steps', deadlineMs: 10_000 },
    records,
    log,
    metrics: workerMetrics(new Registry()),
    stopping,
  });
  return Array.from({ length: count }, (_, number) => endings.get(number));
}

const KINDS = {
  'that says nothing of the change': () => new Error('poison'),
  'that names the change': (changeId: string) => Object.assign(new Error('poison'), { changeId }),
  'of a statement cancelled at the deadline': () => Object.assign(new Error('poison'), { code: '57014' }),
  'of a constraint': () => Object.assign(new Error('poison'), { code: '23505' }),
};

describe('a batch of which some changes fail', () => {
  it.each(Object.entries(KINDS))('ends with exactly these failed, by an error %s', async (_, errorFor) => {
    const batches = fc.integer({ min: 1, max: 30 }).chain(count =>
      fc.record({
        count: fc.constant(count),
        poisonous: fc.uniqueArray(fc.integer({ min: 0, max: count - 1 }), { maxLength: count }),
      }),
    );
    await fc.assert(
      fc.asyncProperty(batches, async ({ count, poisonous }) => {
        const done: number[] = [];
        const endings = await run(count, async changes => {
          const numbers = changes.map(({ id }) => Number(id));
          expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
          const culprit = changes.find(({ id }) => poisonous.includes(Number(id)));
          if (culprit) throw errorFor(culprit.id);
          done.push(...numbers);
          return numbers;
        });
        for (const [number, ending] of endings.entries())
          expect(ending).toEqual(
            poisonous.includes(number)
              ? { error: expect.objectContaining({ message: 'poison' }) }
              : { result: number },
          );
        expect(done.toSorted((a, b) => a - b)).toEqual(
          Array.from({ length: count }, (_, number) => number).filter(number => !poisonous.includes(number)),
        );
      }),
    );
  });

  it('finds one of a hundred in few calls', async () => {
    let calls = 0;
    await run(100, async changes => {
      calls += 1;
      if (changes.some(({ id }) => id === '0042')) throw new Error('poison');
    });
    expect(calls).toBeLessThanOrEqual(15);
  });

  it('is settled change by change where the handler says so', async () => {
    const endings = await run(4, async ([, dropped, given, put], { drop, giveUp, postpone }) => {
      drop(dropped as Change, 'a test');
      giveUp(given as Change, 'no such account.');
      postpone(put as Change, 'closed', 5000);
      return [1, 2, 3, 4];
    });
    expect(endings).toEqual([
      { result: 1 },
      { error: expect.objectContaining({ code: 'HANDLER_DROPPED', message: 'a test' }) },
      { error: expect.objectContaining({ code: 'HANDLER_GAVE_UP' }) },
      { error: expect.objectContaining({ code: 'HANDLER_POSTPONED', retryAfterMs: 5000 }) },
    ]);
  });

  it('fails a change of a list of results that does not fit', async () => {
    const endings = await run(3, async () => [1]);
    // Alone, each change gets its one result.
    expect(endings).toEqual(Array(3).fill({ result: 1 }));
    expect(await run(1, async () => [1, 2])).toMatchObject([{ error: { code: 'BATCH_RESULTS' } }]);
  });

  it('rejects a change that is not of the batch', async () => {
    const copied = await run(1, async ([change], { drop }) => drop({ ...(change as Change) }, 'a copy'));
    expect(copied).toMatchObject([{ error: { code: 'BATCH_CHANGE_UNKNOWN' } }]);
  });
});

describe('a failure that concerns the whole batch', () => {
  const WHOLE = {
    'a lost connection': Object.assign(new Error('no'), { code: 'ECONNREFUSED' }),
    'a connection that ended under a statement': new Error('Connection terminated unexpectedly'),
    'a shutdown of PostgreSQL': Object.assign(new Error('no'), { code: '57P01' }),
    'an exhausted pool': Object.assign(new Error('no'), { code: 'POOL_EXHAUSTED', retryAfterMs: 1000 }),
    'a server that fails': Object.assign(new Error('no'), { status: 503 }),
    'an error that says so': Object.assign(new Error('no'), { code: 'ANY', wholeBatch: true }),
    'the cause of a wrapper': new Error('query failed', {
      cause: Object.assign(new Error(), { code: '08006' }),
    }),
  };

  it.each(Object.entries(WHOLE))('%s fails every change in one call', async (_, error) => {
    let calls = 0;
    const endings = await run(8, async () => {
      calls += 1;
      throw error;
    });
    expect(calls).toBe(1);
    expect(endings).toEqual(Array(8).fill({ error }));
  });

  it('is no reason to fail a change for good: at the last try each is tried alone', async () => {
    const endings = await run(
      8,
      async changes => {
        if (changes.some(({ id }) => id === '0003')) throw WHOLE['a server that fails'];
        return changes.map(() => 'done');
      },
      { lastTry: true },
    );
    expect(endings.filter(ending => 'error' in (ending as object))).toEqual([endings[3]]);
  });

  it('is the end of the process: no part of the batch is tried again', async () => {
    const stop = new AbortController();
    let calls = 0;
    const endings = await run(
      8,
      async () => {
        calls += 1;
        stop.abort(new Error('the process is stopping'));
        throw new Error('anything');
      },
      { stopping: stop.signal },
    );
    expect(calls).toBe(1);
    expect(endings).toHaveLength(8);
    const late = await run(2, async () => expect.unreachable(), { stopping: stop.signal });
    expect(late).toMatchObject(Array(2).fill({ error: { message: 'the process is stopping' } }));
  });
});
