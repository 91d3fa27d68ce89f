import type { ErrorCode } from '@walmq/change';
import { describe, expect, it } from 'vitest';
import { BACKFILL, CAPTURE, QUEUE, SLOT, STANDBY, WELL } from '../../test/status-fixture.js';
import { type PipelineStatus, VERDICT_CODES } from './pipeline-status.js';
import { verdicts } from './verdicts.js';

const MB = 1024 ** 2;
const GB = 1024 ** 3;

type Part = Partial<PipelineStatus>;

function slot(part: Partial<typeof SLOT> | null): Part {
  return { database: { ...WELL.database, slot: part && { ...SLOT, ...part } } as PipelineStatus['database'] };
}

function redis(part: object): Part {
  return { redis: { ...WELL.redis, ...part } as PipelineStatus['redis'] };
}

const queue = (part: Partial<typeof QUEUE>): Part => ({ queues: [{ ...QUEUE, ...part }] });
const paused = (at: string) => ({ orderingKey: '"42"', key: 'orders 42', by: 'mia', at });
const backfill = (part: Partial<typeof BACKFILL>): Part => ({ backfills: [{ ...BACKFILL, ...part }] });
const problem = (code: ErrorCode) => ({ code, sentence: 'it is so.', remedy: 'Mend it.' });
const NOBODY: Part = { captures: [], ...slot({ active: false, activePid: null }) };
const waiting = { ...CAPTURE, role: 'waiting' as const, reason: 'PostgreSQL does not answer' };

const AWAY = { reachable: false, reason: 'refused.', remedy: 'Check it.' } as const;

const other = { slot: 'stock', database: 'shop', active: false, since: '2025-01-01T00:00:00Z', home: null };

const CASES: readonly (readonly [string, Part, readonly string[]])[] = [
  ['all is well', {}, []],
  [
    'PostgreSQL is away',
    { database: AWAY, captures: [waiting], lag: null },
    ['error DATABASE_UNREACHABLE', 'error CAPTURE_WAITING'],
  ],
  [
    'PostgreSQL is a standby',
    { database: { ...WELL.database, inRecovery: true, slot: null } as PipelineStatus['database'] },
    ['error DATABASE_IS_STANDBY'],
  ],
  ['Redis refuses INFO', redis({ problems: [problem('REDIS_DENIED')] }), ['error REDIS_DENIED']],
  ['another pipeline is read', { others: [{ ...other, active: true, seenAt: null }] }, []],
  ['another pipeline was seen today', { others: [{ ...other, seenAt: '2026-01-01T01:00:00Z' }] }, []],
  [
    'other pipelines were not seen for long',
    {
      others: [
        { ...other, seenAt: '2025-12-30T10:00:00Z' },
        { ...other, seenAt: null },
      ],
    },
    ['warning PIPELINE_UNSEEN', 'warning PIPELINE_UNSEEN'],
  ],
  ['Redis is away', { redis: AWAY, captures: [], lastActive: null, queues: [] }, ['error REDIS_UNREACHABLE']],
  ['nothing is set up', { ...slot(null), captures: [], lastActive: null }, ['error SLOT_MISSING']],
  ['the slot is of somebody else', slot({ foreign: 'a physical slot' }), ['error SLOT_FOREIGN']],
  ['the slot is lost', slot({ walStatus: 'lost', active: false }), ['error SLOT_LOST']],
  ['the slot is invalidated', slot({ invalidationReason: 'idle_timeout' }), ['error SLOT_LOST']],
  [
    'the slot is about to be lost',
    slot({ walStatus: 'unreserved', safeWalBytes: -5 }),
    ['error SLOT_NEAR_LIMIT'],
  ],
  [
    'the slot is near its limit',
    slot({ retainedWalBytes: 80 * MB, safeWalBytes: 20 * MB }),
    ['error SLOT_NEAR_LIMIT'],
  ],
  [
    'the slot has no limit and retains much',
    slot({ retainedWalBytes: 6 * GB }),
    ['warning SLOT_RETAINS_WAL'],
  ],
  ['the slot has no limit and retains little', slot({ retainedWalBytes: 4 * GB }), []],
  ['the slot is far from its limit', slot({ retainedWalBytes: 50 * MB, safeWalBytes: 50 * MB }), []],
  [
    'Redis went back in time',
    { checkpointProblem: problem('REDIS_LOST_CHANGES') },
    ['error REDIS_LOST_CHANGES'],
  ],
  [
    'the database went back in time',
    { checkpointProblem: problem('CHECKPOINT_AHEAD') },
    ['error CHECKPOINT_AHEAD'],
  ],
  ['Redis does not keep', redis({ problems: [problem('REDIS_NOT_DURABLE')] }), ['error REDIS_NOT_DURABLE']],
  ['Redis may evict', redis({ problems: [problem('REDIS_MAY_EVICT')] }), ['error REDIS_MAY_EVICT']],
  [
    'Redis does not tell',
    redis({ problems: [problem('REDIS_DURABILITY_UNKNOWN')] }),
    ['error REDIS_DURABILITY_UNKNOWN'],
  ],
  ['Redis has room', redis({ maxMemoryBytes: 100 * MB, usedMemoryBytes: 63 * MB }), []],
  [
    'Redis fills up',
    redis({ maxMemoryBytes: 100 * MB, usedMemoryBytes: 65 * MB }),
    ['warning REDIS_MEMORY_NEAR_LIMIT'],
  ],
  [
    'Redis is full',
    redis({ maxMemoryBytes: 100 * MB, usedMemoryBytes: 81 * MB }),
    ['error REDIS_MEMORY_NEAR_LIMIT'],
  ],
  ['no capture has ever run', { ...NOBODY, lastActive: null, checkpoint: null }, ['warning NOTHING_YET']],
  ['capture is gone', NOBODY, ['error CAPTURE_DOWN']],
  ['capture is gone, and left only a checkpoint', { ...NOBODY, lastActive: null }, ['error CAPTURE_DOWN']],
  ['only standbys are left', { ...slot({ active: false }), captures: [STANDBY] }, ['error CAPTURE_DOWN']],
  ['capture does not get at the slot', { ...NOBODY, captures: [waiting] }, ['error CAPTURE_WAITING']],
  [
    'a change cannot be read, and capture holds the slot to try once more',
    {
      captures: [
        { ...waiting, lastError: { code: 'CHANGE_UNREADABLE', message: 'it is so.', at: CAPTURE.at } },
      ],
    },
    ['error CHANGE_UNREADABLE'],
  ],
  ['capture reads the slot for another Redis', { captures: [] }, ['warning CAPTURE_UNHEARD']],
  [
    'Redis takes no writes, so that capture cannot be heard of',
    { captures: [], ...redis({ problems: [problem('REDIS_READ_ONLY')] }) },
    ['error REDIS_READ_ONLY'],
  ],
  [
    'the disk of Redis is full, so that capture cannot be heard of',
    { captures: [], ...redis({ problems: [problem('REDIS_WRITES_FAIL')] }) },
    ['error REDIS_WRITES_FAIL'],
  ],
  [
    'the memory of Redis is full, so that capture cannot be heard of',
    { captures: [], ...redis({ maxMemoryBytes: 100 * MB, usedMemoryBytes: 101 * MB }) },
    ['error REDIS_MEMORY_NEAR_LIMIT'],
  ],
  [
    'capture is paused for two reasons',
    { captures: [{ ...CAPTURE, pauses: ['Redis is full', 'the backlog is at its limit'] }, STANDBY] },
    ['warning CAPTURE_PAUSED', 'warning CAPTURE_PAUSED'],
  ],
  ['nobody stands by', { captures: [CAPTURE] }, ['info STANDBY_MISSING']],
  ['a queue has no worker', queue({ workers: 0 }), ['error WORKERS_MISSING']],
  [
    'a worker died at its last changes',
    queue({ workers: 0, waiting: 0, delayed: 0 }),
    ['error WORKERS_MISSING'],
  ],
  ['only parked changes are left', queue({ workers: 0, waiting: 0, active: 0, delayed: 0, parked: 2 }), []],
  ['an empty queue has no worker', queue({ workers: 0, waiting: 0, active: 0, delayed: 0 }), []],
  ['Redis does not list its clients', queue({ workers: null }), []],
  ['changes failed', queue({ failed: 1, parked: 4 }), ['warning CHANGES_FAILED']],
  [
    'a change has been put off for long',
    queue({ delayed: 1, postponed: { seconds: 7200, times: 9, reason: 'greylisted' } }),
    ['warning CHANGES_POSTPONED'],
  ],
  [
    'a change has been put off',
    queue({ delayed: 1, postponed: { seconds: 60, times: 1, reason: 'busy' } }),
    [],
  ],
  ['changes are tried again', queue({ delayed: 2, retriedFor: 'no answer' }), ['warning CHANGES_RETRIED']],
  [
    'a key is paused',
    queue({ pausedKeys: { count: 1, first: [paused('2026-01-01T09:30:00.000Z')] } }),
    ['info KEYS_PAUSED'],
  ],
  [
    'a pause was forgotten',
    queue({
      pausedKeys: {
        count: 2,
        first: [paused('2026-01-01T09:30:00.000Z'), paused('2026-01-01T08:30:00.000Z')],
      },
    }),
    ['warning KEYS_PAUSED'],
  ],
  ['a queue is paused', queue({ isPaused: true }), ['warning QUEUE_PAUSED']],
  ['a backfill runs', backfill({}), []],
  ['a backfill failed', backfill({ status: 'failed', error: 'no' }), ['warning BACKFILL_FAILED']],
  ['a backfill is paused', backfill({ status: 'paused' }), ['info BACKFILL_PAUSED']],
  [
    'alerts are watched, and each target takes them',
    { alerts: { watchedAt: '2026-01-01T09:59:00.000Z', failing: [], waiting: 0 } },
    [],
  ],
  [
    'a target of alerts fails',
    {
      alerts: {
        watchedAt: '2026-01-01T09:59:50.000Z',
        failing: [{ target: 'ops', since: '2026-01-01T09:00:00.000Z', error: 'the endpoint answered 500.' }],
        waiting: 1,
      },
    },
    ['warning ALERTS_FAIL'],
  ],
  [
    'nobody watches for alerts any more',
    { alerts: { watchedAt: '2026-01-01T09:50:00.000Z', failing: [], waiting: 0 } },
    ['warning ALERTS_UNWATCHED'],
  ],
  [
    'nobody has watched for alerts',
    { alerts: { watchedAt: null, failing: [], waiting: 0 } },
    ['warning ALERTS_UNWATCHED'],
  ],
  [
    'much is wrong: the worst comes first',
    { captures: [CAPTURE], ...queue({ failed: 1, workers: 0 }) },
    ['error WORKERS_MISSING', 'warning CHANGES_FAILED', 'info STANDBY_MISSING'],
  ],
];

describe('verdicts', () => {
  it.each(CASES)('%s', (_name, part, expected) => {
    const found = verdicts({ ...WELL, ...part });
    expect(found.map(({ severity, code }) => `${severity} ${code}`)).toEqual(expected);
  });

  it('says every verdict and its remedy as a sentence', () => {
    for (const [, part] of CASES)
      for (const { sentence, remedy } of verdicts({ ...WELL, ...part })) {
        expect(sentence).toMatch(/^[A-Z].*[.]$/);
        expect(remedy).toMatch(/^[A-Z].*[.;]$/);
      }
  });

  it('names the queue it is about', () => {
    expect(verdicts({ ...WELL, ...queue({ failed: 2 }) })[0]?.queue).toBe('orders');
  });

  it('says what capture has found of tables, also when it runs no more', () => {
    const found = {
      ...({ code: 'TABLE_UNPUBLISHED', severity: 'error', table: 'public.orders', isOpen: true } as const),
      sentence: 'publication "walmq" does not hold public.orders.',
      remedy: 'Run "npx walmq setup".',
    };
    const teller = { ...CAPTURE, tables: [found] };
    const said = expect.objectContaining({
      code: 'TABLE_UNPUBLISHED',
      severity: 'error',
      remedy: found.remedy,
      sentence: 'Publication "walmq" does not hold public.orders.',
    });
    expect(verdicts({ ...WELL, captures: [teller] })).toContainEqual(said);
    expect(verdicts({ ...WELL, captures: [], lastActive: teller })).toContainEqual(said);
  });

  it('has a case of every code above', () => {
    const codes = new Set(CASES.flatMap(([, , expected]) => expected.map(text => text.split(' ')[1])));
    expect([...codes].sort()).toEqual([...VERDICT_CODES].sort());
  });
});
