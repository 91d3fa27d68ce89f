import { expect, it } from 'vitest';
import { type MoverState, type NextCall, nextCall } from './next-call.js';

const IDLE: MoverState = {
  finished: 0,
  free: 10,
  mayTake: true,
  mayHaveJobs: false,
  isAnnounced: false,
  inFlight: 0,
  concurrency: 10,
};

const CASES: [string, Partial<MoverState>, NextCall | undefined][] = [
  ['an idle worker of an empty queue asks for nothing', {}, undefined],
  [
    'announced jobs are taken for all free places',
    { mayHaveJobs: true, isAnnounced: true },
    { finish: 0, take: 10 },
  ],
  ['a job that finishes alone is moved at once', { finished: 1, free: 9 }, { finish: 1, take: 10 }],
  ['during a call, one job waits for its reply', { finished: 1, free: 0, inFlight: 1 }, undefined],
  [
    'a quarter of the places is enough for a second call',
    { finished: 3, free: 0, inFlight: 1 },
    { finish: 3, take: 3 },
  ],
  ['a third call waits', { finished: 10, free: 0, inFlight: 2 }, undefined],
  [
    'a job that is announced during a call is taken at once',
    { free: 1, mayHaveJobs: true, isAnnounced: true, inFlight: 1 },
    { finish: 0, take: 1 },
  ],
  ['a place alone waits for the call in flight', { free: 1, mayHaveJobs: true, inFlight: 1 }, undefined],
  ['a place that is free without a call is filled', { free: 1, mayHaveJobs: true }, { finish: 0, take: 1 }],
  ['without a free place nothing is taken', { free: 0, mayHaveJobs: true, isAnnounced: true }, undefined],
  [
    'a worker that stops completes and takes nothing',
    { finished: 2, mayTake: false, mayHaveJobs: true },
    { finish: 2, take: 0 },
  ],
  [
    'more jobs in hand than places: the places are not filled',
    { finished: 1, free: -3 },
    { finish: 1, take: 0 },
  ],
  [
    'no call moves more than a hundred',
    { finished: 300, free: 0, concurrency: 1000 },
    { finish: 100, take: 100 },
  ],
  [
    'many places: a second call from 25 jobs on',
    { finished: 25, free: 0, inFlight: 1, concurrency: 1000 },
    { finish: 25, take: 25 },
  ],
  ['one place: a job and its successor', { finished: 1, free: 0, concurrency: 1 }, { finish: 1, take: 1 }],
];

it.each(CASES)('%s', (_name, state, wanted) => {
  expect(nextCall({ ...IDLE, ...state })).toEqual(wanted);
});
