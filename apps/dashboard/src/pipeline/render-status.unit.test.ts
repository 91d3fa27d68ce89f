import type { PipelineStatus } from '@walmq/operations';
import { type FailureReport, NO_FAILURES } from '@walmq/operations';
import { describe, expect, it } from 'vitest';
import { changedParts } from './events.js';
import { History, sampleOf } from './history.js';
import { PARTS, type RenderedStatus, renderStatus } from './render-status.js';
import { ACTIVE, BACKFILL, ORDERS, REACHABLE_DATABASE, STANDBY, statusWith } from './status-fixture.js';

function rendered(
  changes: Parameters<typeof statusWith>[0],
  {
    role = 'operator',
    failures = NO_FAILURES,
  }: { role?: 'operator' | 'read-only'; failures?: FailureReport } = {},
): RenderedStatus {
  const status = statusWith(changes);
  const history = new History();
  history.add(Date.parse(status.at), sampleOf(status));
  return renderStatus({ status, failures, history }, viewerWith(role));
}

function viewerWith(role: 'operator' | 'read-only') {
  return { basePath: '', identity: { name: undefined, role, session: undefined } };
}

const FAILURES: FailureReport = {
  groups: [
    {
      queue: 'orders',
      table: 'orders',
      reason: 'connect to smtp://mailer:hunter2@mail failed <b>twice</b>',
      count: 3,
      firstFailedAt: '2026-01-01T10:00:00.000Z',
      lastFailedAt: '2026-01-01T11:00:00.000Z',
    },
  ],
  isPartial: false,
};

describe('the pipeline page says, when', () => {
  const { slot } = REACHABLE_DATABASE;
  it.each<
    [
      string,
      Parameters<typeof statusWith>[0],
      string,
      Partial<Record<keyof RenderedStatus, readonly string[]>>,
    ]
  >([
    [
      'all is well',
      {},
      'All is well',
      { verdicts: ['Nothing is wrong'], stages: ['is read', 'Streams', 'Keep up'] },
    ],
    [
      'nothing has run yet',
      {
        database: { ...REACHABLE_DATABASE, slot: { ...slot, active: false } },
        captures: [],
        lastActive: null,
        checkpoint: null,
        lag: null,
      },
      'Nothing runs yet',
      { verdicts: ['npx walmq capture'], stages: ['Does not run'] },
    ],
    [
      'capture is down',
      { database: { ...REACHABLE_DATABASE, slot: { ...slot, active: false } }, captures: [] },
      '1 thing needs attention',
      { verdicts: ['CAPTURE_DOWN'], stages: ['Nobody reads slot', 'Does not run'] },
    ],
    [
      'the slot is lost',
      {
        database: {
          ...REACHABLE_DATABASE,
          slot: { ...slot, walStatus: 'lost', invalidationReason: 'wal_removed' },
        },
      },
      '1 thing needs attention',
      { verdicts: ['SLOT_LOST', 'accept-loss'], stages: ['is lost (wal_removed)'] },
    ],
    [
      'Redis has lost what was acknowledged',
      { checkpointProblem: { code: 'REDIS_LOST_CHANGES', sentence: 'it is behind.', remedy: 'Choose.' } },
      '1 thing needs attention',
      { verdicts: ['REDIS_LOST_CHANGES', 'Choose.'], stages: ['It does not hold what was acknowledged'] },
    ],
    [
      'a change failed and others are parked behind it',
      { queues: [{ ...ORDERS, failed: 1, parked: 4 }] },
      '1 thing needs attention',
      { verdicts: ['CHANGES_FAILED'], stages: ['1 change failed'], queues: ['>4<', '>1<'] },
    ],
    [
      'nobody works on a queue',
      { queues: [{ ...ORDERS, waiting: 1234, workers: 0 }] },
      '1 thing needs attention',
      { verdicts: ['WORKERS_MISSING'], stages: ['without a worker: orders'], queues: ['1,234'] },
    ],
    [
      'a backfill runs',
      { backfills: [BACKFILL] },
      'All is well',
      { backfills: ['public.orders', '<progress max="2000" value="500"', '500 of 2,000', '>50<', '30 s'] },
    ],
    [
      'a backfill failed',
      { backfills: [{ ...BACKFILL, status: 'failed', error: 'table "orders" is gone' }] },
      '1 thing needs attention',
      { verdicts: ['BACKFILL_FAILED', 'is gone', '--resume 3'], backfills: ['class="error">failed'] },
    ],
    [
      'capture is paused',
      { captures: [{ ...ACTIVE, pauses: ['queue orders holds 100000 jobs'] }, STANDBY] },
      '1 thing needs attention',
      { stages: ['Paused: queue orders holds 100000 jobs'] },
    ],
    [
      'Redis is away',
      {
        redis: { reachable: false, reason: 'the connection is reconnecting.', remedy: 'Check it.' },
        captures: [],
        queues: [],
        lag: null,
      },
      '1 thing needs attention',
      { stages: ['Unreachable: the connection', 'Not heard of'], queues: ['cannot be reached'] },
    ],
    [
      'PostgreSQL is away',
      {
        database: {
          reachable: false,
          reason: 'connect ECONNREFUSED postgres://u:hunter2@db/x.',
          remedy: 'Check it.',
        },
        lag: null,
      },
      '1 thing needs attention',
      {
        stages: ['Unreachable: connect ECONNREFUSED postgres://u:***@db/x'],
        verdicts: ['DATABASE_UNREACHABLE'],
      },
    ],
  ])('%s', (_state, changes, headline, parts) => {
    const shown = rendered(changes);
    expect(shown.verdicts).toContain(`>${headline}<`);
    expect(shown.announcement).toContain(headline);
    for (const [part, texts] of Object.entries(parts))
      for (const text of texts) expect(shown[part as keyof RenderedStatus]).toContain(text);
    expect(JSON.stringify(shown)).not.toContain('hunter2');
  });
});

describe('failures', () => {
  it('are shown escaped, without passwords, with buttons for an operator', () => {
    const { failures } = rendered({}, { failures: FAILURES });
    expect(failures).toContain('smtp://mailer:***@mail failed &lt;b&gt;twice&lt;/b&gt;');
    expect(failures).not.toContain('hunter2');
    expect(failures).toContain('data-action="/pipeline/replay"');
    expect(failures).toContain('data-action="/pipeline/discard"');
    expect(failures).toContain('>3<');
  });

  it('come without buttons, and say why, for a read-only user', () => {
    const { failures } = rendered({}, { role: 'read-only', failures: FAILURES });
    expect(failures).not.toContain('<button');
    expect(failures).toContain('Your role is read-only');
  });
});

describe('links to Bull Board', () => {
  it.each([
    ['operator', '"/queues/queue/orders"'],
    ['read-only', '"/read-only/queues/queue/orders"'],
  ] as const)('lead a user who is %s to %s', (role, href) => {
    expect(rendered({}, { role }).queues).toContain(href);
  });
});

describe('what is sent', () => {
  it('is only what has changed', () => {
    const first = rendered({});
    const at = '2026-01-01T12:00:02.000Z';
    expect(Object.keys(changedParts({}, first))).toEqual([...PARTS]);
    expect(Object.keys(changedParts(first, rendered({ at })))).toEqual(['as-of']);
    expect(
      Object.keys(changedParts(first, rendered({ queues: [{ ...ORDERS, waiting: 5, workers: 0 }] }))),
    ).toEqual(['verdicts', 'stages', 'queues', 'announcement']);
  });

  it('announces no mere figure', () => {
    const waiting = (count: number): PipelineStatus['queues'] => [{ ...ORDERS, waiting: count }];
    expect(rendered({ queues: waiting(5) }).announcement).toBe(rendered({ queues: waiting(6) }).announcement);
  });
});

describe('markup in what is shown', () => {
  const HOSTILE = `"'><script>alert(1)</script><img src=x onerror=alert(1)>`;
  /** What a name, a reason or a sentence may hold; the rest is counted, or one of a few words of ours. */
  const FREE = new Set(['name', 'slotName', 'host', 'instance', 'version', 'reason', 'sentence', 'remedy']);
  const OTHERS = new Set([
    'message',
    'queue',
    'table',
    'maxMemoryPolicy',
    'invalidationReason',
    'retriedFor',
    'pauses',
  ]);

  function made(value: unknown, field = ''): unknown {
    if (Array.isArray(value)) return value.map(each => made(each, field));
    if (typeof value === 'object' && value !== null)
      return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, made(each, name)]));
    return typeof value === 'string' && (FREE.has(field) || OTHERS.has(field)) ? HOSTILE : value;
  }

  it.each([
    ['all is well', {}],
    [
      'much is wrong',
      {
        database: { reachable: false, reason: 'x', remedy: 'x' },
        captures: [
          {
            ...ACTIVE,
            role: 'waiting',
            pauses: ['x'],
            lastError: { code: 'X', message: 'x', at: ACTIVE.at },
          },
        ],
        queues: [{ ...ORDERS, failed: 1, delayed: 1, retriedFor: 'x', isPaused: true }],
        backfills: [{ ...BACKFILL, filter: 'x', status: 'failed', error: 'x' }],
      },
    ],
    ['Redis is away', { redis: { reachable: false, reason: 'x', remedy: 'x' }, queues: [] }],
  ] as const)('stays text when %s', (_when, changes) => {
    const hostile = made(changes) as Parameters<typeof statusWith>[0];
    const whole = made(statusWith(hostile)) as PipelineStatus;
    const history = new History();
    history.add(Date.parse(whole.at), sampleOf(whole));
    for (const status of [whole, statusWith(hostile)]) {
      const shown = renderStatus(
        { status, failures: made(FAILURES) as FailureReport, history },
        viewerWith('operator'),
      );
      expect(Object.values(shown).join('')).not.toMatch(/<script|<img|[^=]"'>/);
      expect(Object.values(shown).join('')).toContain('&lt;script&gt;');
    }
  });
});
