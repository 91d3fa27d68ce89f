import type { Backfill } from '@walmq/backfill';
import { type CaptureStatus, type PipelineStatus, type QueueStatus, verdicts } from '@walmq/operations';
import { CAPTURE, QUEUE, BACKFILL as RUNNING, SLOT } from '@walmq/operations/status-fixture';

export const BACKFILL: Backfill = {
  ...RUNNING,
  requestedAt: '2026-01-01T11:59:00.000Z',
  startedAt: '2026-01-01T11:59:50.000Z',
};

export const ACTIVE: CaptureStatus = {
  ...CAPTURE,
  instance: 'a1',
  host: 'db-1',
  pid: 4711,
  version: '0.1.0',
  source: null,
  startedAt: '2026-01-01T11:00:00.000Z',
  at: '2026-01-01T12:00:00.000Z',
  caughtUpAt: '2026-01-01T11:59:59.000Z',
  positions: { received: '0/20', enqueued: '0/20', durable: '0/20', acknowledged: '0/10' },
  changesPerSecond: 1250,
  jobsPerSecond: 1300,
  batchJobs: 42,
};

export const STANDBY: CaptureStatus = {
  ...ACTIVE,
  instance: 'b2',
  host: 'db-2',
  role: 'standby',
  positions: null,
};

export const ORDERS: QueueStatus = {
  ...QUEUE,
  waiting: 0,
  active: 0,
  delayed: 0,
  completed: 100,
  oldestSeconds: null,
};

export const REACHABLE_DATABASE = {
  reachable: true,
  version: '18.1',
  name: 'shop',
  inRecovery: false,
  walEnd: '0/30',
  slot: {
    ...SLOT,
    activePid: 99,
    confirmedFlushLsn: '0/10',
    retainedWalBytes: 32,
    oldestUnconfirmedSeconds: 1,
  },
} as const;

/** A pipeline in which all is well, but for what a test changes; the verdicts are those of the whole. */
export function statusWith(changes: Partial<Omit<PipelineStatus, 'verdicts'>> = {}): PipelineStatus {
  const rendered = {
    at: '2026-01-01T12:00:00.000Z',
    slotName: 'walmq',
    database: REACHABLE_DATABASE,
    redis: {
      reachable: true,
      informs: true,
      product: 'Valkey',
      version: '8.1.0',
      usedMemoryBytes: 50_000_000,
      maxMemoryBytes: 0,
      maxMemoryPolicy: 'noeviction',
      onlineReplicas: 0,
      problems: [],
    },
    captures: [ACTIVE, STANDBY],
    lastActive: ACTIVE,
    checkpoint: { position: '0000000000000020-0000000001', lsn: '0/20' },
    checkpointProblem: null,
    lag: { receivedBytes: 16, enqueuedBytes: 16, durableBytes: 16, acknowledgedBytes: 32 },
    limits: { maxQueueDepth: 100_000, maxRedisMemoryShare: 0.8 },
    queues: [ORDERS],
    backfills: [],
    alerts: null,
    others: [],
    ...changes,
  } as const;
  return { ...rendered, verdicts: verdicts(rendered) };
}
