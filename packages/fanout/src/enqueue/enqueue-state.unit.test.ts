import { WalmqError } from '@walmq/change';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Batch } from './batch.js';
import { EnqueueModel, IN_FLIGHT, MOVES, type Move, position, START } from './enqueue-model-fixture.js';
import {
  type EnqueueAction,
  type EnqueueEvent,
  maySend,
  maySendProgress,
  nextEnqueue,
  startEnqueue,
} from './enqueue-state.js';

const [first, second, third] = [batchOf(1), batchOf(2), batchOf(3)];
const CUT = new Error('the connection was cut');
const REJECTED = Object.assign(new Error('ERR unknown command'), { name: 'ReplyError' });

function batchOf(n: number): Batch {
  return { jobs: [], follows: position(n - 1), ends: position(n), transaction: '' };
}

/** The state after these events, the actions of all of them and those of the last one. */
function step(...events: readonly EnqueueEvent[]) {
  let state = startEnqueue(START);
  const actions: EnqueueAction[] = [];
  let last: readonly EnqueueAction[] = [];
  for (const event of events) {
    const next = nextEnqueue(state, event);
    state = next.state;
    last = next.actions;
    actions.push(...last);
  }
  return { state, actions, last };
}

const taken = (batch: Batch): EnqueueEvent => ({ type: 'taken', batch });
const connected = (connection: number, checkpoint: string): EnqueueEvent => ({
  type: 'connected',
  connection,
  checkpoint,
});
const enqueued = (connection: number, batch: Batch): EnqueueEvent => ({
  type: 'enqueued',
  connection,
  batch,
});
const durable = (connection: number, batch: Batch): EnqueueEvent => ({ type: 'durable', connection, batch });
const fault = (connection: number, error: unknown = CUT): EnqueueEvent => ({
  type: 'fault',
  connection,
  error,
});
/** One batch is durable on the first connection. */
const OPEN = [taken(first), connected(1, START), enqueued(1, first), durable(1, first)];

describe('what follows from an event', () => {
  it('the first batch opens a connection, without a pause to report', () => {
    expect(step(taken(first)).actions).toEqual([{ type: 'connect', afterMs: 0 }]);
    expect(step(taken(first), connected(1, START)).last).toEqual([{ type: 'write', batch: first }]);
    expect(step(...OPEN).last).toEqual([{ type: 'report-durable', batch: first }]);
    expect(step(...OPEN).state.phase).toEqual({ name: 'open' });
  });

  it('while open, a batch is written at once, behind the one in flight', () => {
    const { state, last } = step(...OPEN, taken(second), taken(third));
    expect(last).toEqual([{ type: 'write', batch: third }]);
    expect(state.inFlight).toEqual([second, third]);
  });

  it('a fault leads to a new connection; the faults of other batches in flight add nothing', () => {
    const open = [...OPEN, taken(second), taken(third)];
    expect(step(...open, fault(1)).last).toEqual([
      { type: 'report-pause', error: CUT, retryInMs: 0 },
      { type: 'connect', afterMs: 0 },
    ]);
    expect(step(...open, fault(1), fault(1)).last).toEqual([]);
  });

  it('the checkpoint decides: what Redis holds is confirmed, and the rest is sent one by one', () => {
    const open = [...OPEN, taken(second), taken(third), fault(1)];
    expect(step(...open, connected(2, second.ends)).last).toEqual([
      { type: 'report-enqueued', batch: second },
      { type: 'confirm', batches: [second] },
    ]);
    expect(step(...open, connected(2, second.ends), durable(2, second)).last).toEqual([
      { type: 'report-durable', batch: second },
      { type: 'write', batch: third },
    ]);
    expect(step(...open, connected(2, first.ends)).last).toEqual([{ type: 'write', batch: second }]);
    const done = [connected(2, third.ends), durable(2, second), durable(2, third)];
    expect(step(...open, ...done).last).toEqual([
      { type: 'report-durable', batch: third },
      { type: 'report-resume' },
    ]);
  });

  it('a batch that was reported and then lost with its Redis is sent again, and not reported again', () => {
    const open = [...OPEN, taken(second), enqueued(1, second), fault(1), connected(2, first.ends)];
    expect(step(...open).last).toEqual([{ type: 'write', batch: second }]);
    expect(step(...open, enqueued(2, second)).last).toEqual([]);
  });

  it('retries wait longer each time, at most five seconds, and anew after a success', () => {
    const faults = Array.from({ length: 9 }, (_, attempt) => fault(attempt + 1));
    const waits = step(taken(first), ...faults).actions.flatMap(action =>
      action.type === 'connect' ? [action.afterMs] : [],
    );
    expect(waits).toEqual([0, 100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000]);
    const again = [connected(10, first.ends), durable(10, first), taken(second), fault(10)];
    expect(step(taken(first), ...faults, ...again).last).toContainEqual({ type: 'connect', afterMs: 0 });
  });

  it.each([
    ['Redis rejects a command', REJECTED, 'ENQUEUE_REFUSED'],
    ['the checkpoint moved', new WalmqError('CHECKPOINT_MOVED', 'moved.'), 'CHECKPOINT_MOVED'],
    ['the server cannot keep the promise', new WalmqError('REDIS_NOT_DURABLE', 'no.'), 'REDIS_NOT_DURABLE'],
  ])('fails for good when %s', (_what, error, code) => {
    const { state, last } = step(...OPEN, taken(second), fault(1, error));
    expect(state.phase).toMatchObject({ name: 'failed', failure: { code } });
    expect(last).toMatchObject([{ type: 'report-failure', failure: { code } }]);
  });
});

describe('what may be sent', () => {
  const partial = { empty: false, full: false };
  const full = { empty: false, full: true };
  const empty = { empty: true, full: false };
  const flush: EnqueueEvent = { type: 'flush' };
  const hold: EnqueueEvent = { type: 'hold' };
  it.each([
    ['nothing there', [...OPEN, flush], empty, false],
    ['a full batch', OPEN, full, true],
    ['a full batch, before the first connection', [], full, true],
    ['a part of one', OPEN, partial, false],
    ['a part of one, on flush', [...OPEN, flush], partial, true],
    ['a part of one, on flush, before an answer', [...OPEN, taken(second), flush], partial, false],
    ['... after it', [...OPEN, taken(second), enqueued(1, second), flush], partial, true],
    ['a full batch with two in flight', [...OPEN, taken(second), taken(third)], full, false],
    ['a full batch, held', [...OPEN, hold], full, false],
    ['a full batch, held and released', [...OPEN, hold, { type: 'release' }], full, true],
    ['a full batch, while connecting', [...OPEN, taken(second), fault(1)], full, false],
    ['... while resending', [...OPEN, taken(second), fault(1), connected(2, first.ends)], full, false],
    ['... after a fatal failure', [...OPEN, taken(second), fault(1, REJECTED)], full, false],
  ] satisfies [string, EnqueueEvent[], { empty: boolean; full: boolean }, boolean][])(
    '%s',
    (_what, events, filling, may) => {
      expect(maySend(step(...events).state, filling, 2)).toBe(may);
    },
  );

  it('progress: only alone, held or not', () => {
    const filling = { empty: true, advanced: true };
    expect(maySendProgress(step(...OPEN).state, filling)).toBe(true);
    expect(maySendProgress(step(...OPEN, hold).state, filling)).toBe(true);
    expect(maySendProgress(step(...OPEN).state, { empty: true, advanced: false })).toBe(false);
    expect(maySendProgress(step(...OPEN).state, { empty: false, advanced: true })).toBe(false);
    expect(maySendProgress(step(...OPEN, taken(second)).state, filling)).toBe(false);
  });
});

describe('whatever happens, in any order', () => {
  const moves = fc.array(fc.constantFrom<Move>(...MOVES), { maxLength: 120 });

  it('each change is enqueued once and in order, each batch reported once and in order, and there is room again', () => {
    fc.assert(
      fc.property(moves, random => {
        const model = new EnqueueModel();
        for (const move of random) model.move(move);
        model.move('release');
        while (model.waits || !model.filling.empty) {
          model.move('flush');
          model.move('serve');
        }
        model.move('progress');
        while (model.waits) model.move('serve');
        expect(model.jobs).toEqual([...new Set(model.jobs)].sort());
        expect(model.filling).toMatchObject({ empty: true, full: false, advanced: false });
        expect(model.state.inFlight).toEqual([]);
        for (const reported of [model.reportedEnqueued, model.reportedDurable]) {
          const follows = reported.map(batch => batch.follows);
          const ends = reported.map(batch => batch.ends);
          expect(follows).toEqual([START, ...ends].slice(0, -1));
          expect(reported.flatMap(({ jobs }) => jobs.map(({ id }) => id))).toEqual(model.jobs);
          expect(ends.at(-1) ?? START).toBe(position(model.added));
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('nothing follows a fatal failure', () => {
    fc.assert(
      fc.property(moves, fc.constantFrom<Move>('reject', 'close'), moves, (before, end, afterwards) => {
        const model = new EnqueueModel();
        for (const move of before) model.move(move);
        model.move(end);
        fc.pre(model.state.phase.name === 'failed');
        const { state } = model;
        const jobs = [...model.jobs];
        const reported = model.reportedEnqueued.length;
        for (const move of afterwards) if (!isServer(move)) model.move(move);
        expect(model.state).toBe(state);
        expect(model.jobs).toEqual(jobs);
        expect(model.reportedEnqueued).toHaveLength(reported);
        expect(maySend(state, { empty: false, full: true }, IN_FLIGHT)).toBe(false);
        expect(maySendProgress(state, { empty: true, advanced: true })).toBe(false);
      }),
      { numRuns: 300 },
    );
  });
});

/** Redis may go on with what was sent before the failure. */
function isServer(move: Move): boolean {
  return move === 'serve' || move === 'lose the reply';
}
