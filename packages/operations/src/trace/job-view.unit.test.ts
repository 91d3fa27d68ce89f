import { expect, it } from 'vitest';
import { jobViewOf, whyOf } from './job-view.js';
import type { Place, StoredJob } from './queue-reader.js';

const JOB = { id: '1', progress: null, attemptsMade: '0', opts: '{"attempts":3}' } as StoredJob;
const POSTPONED = {
  ...JOB,
  progress: '{"postponed":2,"since":"2026-01-31T10:00:00Z","reason":"closed until eight"}',
};
const IDLE = { isPaused: false, workers: 1 };
const placed = (state: Place['state'], lock: string | null = null): Place => ({
  state,
  delayedUntilMs: undefined,
  lock,
});

it.each([
  ['a lost worker', JOB, placed('active'), IDLE, /the process died or hangs/],
  ['a worker that holds its change', JOB, placed('active', 'token'), IDLE, null],
  ['a change that waits for a worker that is there', JOB, placed('waiting'), IDLE, null],
  ['no worker', JOB, placed('waiting'), { ...IDLE, workers: 0 }, /^No worker of this queue runs/],
  ['workers that Redis does not list', JOB, placed('waiting'), { ...IDLE, workers: null }, null],
  ['a paused queue', JOB, placed('waiting'), { isPaused: true, workers: 0 }, /^The queue is paused/],
  ['an error that cannot pass', { ...JOB, attemptsMade: '1' }, placed('failed'), IDLE, /not tried again/],
  ['tries that are used up', { ...JOB, attemptsMade: '3' }, placed('failed'), IDLE, null],
  ['a postponed change', POSTPONED, placed('delayed'), IDLE, /^The handler postponed it 2 times/],
] as const)('says why: %s', (_what, job, place, facts, expected) => {
  const why = whyOf(job, place, facts);
  if (expected === null) expect(why).toBeNull();
  else expect(why).toMatch(expected);
});

it('names the reason for which a handler postponed a change', () => {
  expect(jobViewOf(POSTPONED, placed('delayed'), undefined).failedReason).toBe('closed until eight');
});
