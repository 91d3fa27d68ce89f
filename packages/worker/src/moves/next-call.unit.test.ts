import { expect, it } from 'vitest';
import { type MoverState, type NextCall, nextCall } from './next-call.js';

const IDLE: MoverState = {
  finished: 0,
  free: 10,
  spare: 0,
  mayTake: true,
  mayHaveJobs: false,
  hasBacklog: false,
  isAnnounced: false,
  inFlight: 0,
  concurrency: 10,
};

const CASES: [string, Partial<MoverState>, Partial<NextCall> | undefined][] = [
  ['an idle worker of an empty queue asks for nothing', {}, undefined],
  ['announced jobs are taken for all free places', { mayHaveJobs: true, isAnnounced: true }, { take: 10 }],
  ['a job that finishes alone is moved at once', { finished: 1 }, { finish: 1, take: 10 }],
  ['during a call, one job waits for its reply', { finished: 1, free: 1, inFlight: 1 }, undefined],
  [
    'a quarter of the places is enough for a second call',
    { finished: 3, free: 3, inFlight: 1 },
    { finish: 3, take: 3 },
  ],
  ['a third call waits', { finished: 10, inFlight: 2 }, undefined],
  [
    'a job that is announced during a call is taken at once',
    { free: 1, mayHaveJobs: true, isAnnounced: true, inFlight: 1 },
    { take: 1 },
  ],
  ['a place alone waits for the call in flight', { free: 1, mayHaveJobs: true, inFlight: 1 }, undefined],
  ['a place that is free without a call is filled', { free: 1, mayHaveJobs: true }, { take: 1 }],
  ['without a free place nothing is taken', { free: 0, mayHaveJobs: true, isAnnounced: true }, undefined],
  [
    'a worker that stops completes and takes nothing',
    { finished: 2, spare: 100, mayTake: false, mayHaveJobs: true, hasBacklog: true },
    { finish: 2 },
  ],
  ['more jobs than places: the places are not filled', { finished: 1, free: -3 }, { finish: 1 }],
  [
    'no call moves more than a hundred',
    { finished: 300, free: 300, concurrency: 1000 },
    { finish: 100, take: 100 },
  ],
  [
    'many places: a second call from 25 jobs on',
    { finished: 25, free: 25, inFlight: 1, concurrency: 1000 },
    { finish: 25, take: 25 },
  ],
  ['one place: a job and its successor', { finished: 1, free: 1, concurrency: 1 }, { finish: 1, take: 1 }],
  ['an idle queue: no job to hold', { finished: 1, spare: 50 }, { finish: 1, take: 10 }],
  [
    'a queue that may have more: jobs for the places, and some to hold',
    { finished: 1, spare: 50, mayHaveJobs: true },
    { finish: 1, take: 10, spare: 50 },
  ],
  [
    'no call takes more than a hundred, held ones included',
    { free: 40, spare: 200, mayHaveJobs: true },
    { take: 40, spare: 60 },
  ],
  [
    'held jobs fill the places: the call takes others to hold',
    { finished: 10, free: -30, spare: 50, mayHaveJobs: true, hasBacklog: true },
    { finish: 10, spare: 20 },
  ],
  [
    'few jobs to hold are no reason for a call',
    { free: 0, spare: 10, mayHaveJobs: true, hasBacklog: true, concurrency: 40 },
    undefined,
  ],
  [
    'many jobs to hold are, if there is a backlog',
    { free: 0, spare: 150, mayHaveJobs: true, hasBacklog: true, inFlight: 1 },
    { spare: 100 },
  ],
  ['without a backlog they are none', { free: 0, spare: 150, mayHaveJobs: true }, undefined],
];

it.each(CASES)('%s', (_name, state, wanted) => {
  expect(nextCall({ ...IDLE, ...state })).toEqual(wanted && { finish: 0, take: 0, spare: 0, ...wanted });
});
