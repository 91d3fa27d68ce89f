import type { Backfill } from '@walmq/backfill';
import type { WindowFigures } from '@walmq/figures';
import type {
  CaptureStatus,
  PipelineStatus,
  QueueFiguresStatus,
  QueueStatus,
  SlotStatus,
} from '../src/status/pipeline-status.js';

export const CAPTURE: CaptureStatus = {
  instance: 'a1b2c3d4',
  host: 'host-1',
  pid: 42,
  version: '1.2.3',
  startedAt: '2026-01-01T09:00:00.000Z',
  at: '2026-01-01T09:59:59.000Z',
  slot: 'walmq',
  source: '0a1b2c',
  role: 'active',
  reason: null,
  positions: {
    received: '0/19F2B40',
    enqueued: '0/19F2B40',
    durable: '0/19F2B40',
    acknowledged: '0/19F2B40',
  },
  changesPerSecond: 120.5,
  jobsPerSecond: 180,
  batchJobs: 40,
  pauses: [],
  caughtUpAt: '2026-01-01T09:59:59.000Z',
  lastError: null,
};

export const STANDBY: CaptureStatus = {
  ...CAPTURE,
  instance: 'e5f6a7b8',
  host: 'host-2',
  pid: 43,
  role: 'standby',
  reason: 'another capture reads the slot.',
  positions: null,
  changesPerSecond: 0,
  jobsPerSecond: 0,
  batchJobs: null,
};

export const SLOT: SlotStatus = {
  name: 'walmq',
  active: true,
  activePid: 7,
  confirmedFlushLsn: '0/19F2B40',
  walStatus: 'reserved',
  invalidationReason: null,
  retainedWalBytes: 1536,
  safeWalBytes: null,
  failover: true,
  oldestUnconfirmedSeconds: 0,
};

const LAST_HOUR: WindowFigures = {
  done: 36_000,
  failed: 1,
  retried: 4,
  latency: { count: 35_000, p50: 0.012, p95: 0.15, p99: 1.2 },
  doneBeforeCommit: 0,
  duration: { count: 36_000, p50: 0.004, p95: 0.02, p99: 0.3 },
};

export const FIGURES: QueueFiguresStatus = {
  donePerMinute: Array.from({ length: 15 }, () => 600),
  lastHour: LAST_HOUR,
  lastDay: { ...LAST_HOUR, done: 700_000 },
};

export const QUEUE: QueueStatus = {
  name: 'orders',
  isPaused: false,
  waiting: 3,
  active: 2,
  delayed: 1,
  retriedFor: null,
  postponed: null,
  pausedKeys: { count: 0, first: [] },
  parked: 0,
  failed: 0,
  completed: 1000,
  oldestSeconds: 1.5,
  oldestIsLeast: false,
  completedPerMinute: 600,
  completedPerMinuteIsLeast: false,
  figures: FIGURES,
  workedOff: { seconds: 0.5, isLeast: false, reason: null },
  workers: 2,
};

export const BACKFILL: Backfill = {
  id: '3',
  queue: 'orders',
  schema: 'public',
  table: 'orders',
  filter: null,
  chunkRows: 1000,
  origin: 'request',
  status: 'running',
  lastKey: ['500'],
  trail: [],
  endKey: ['2000'],
  rowsRead: 500,
  rowsEnqueued: 480,
  rowsExpected: 2000,
  error: null,
  requestedAt: '2026-01-01T09:59:00.000Z',
  startedAt: '2026-01-01T09:59:50.000Z',
  endedAt: null,
};

/** A pipeline in which all is well. */
export const WELL: PipelineStatus = {
  at: '2026-01-01T10:00:00.000Z',
  slotName: 'walmq',
  database: {
    reachable: true,
    version: '18.1',
    name: 'shop',
    inRecovery: false,
    walEnd: '0/19F2B40',
    slot: SLOT,
  },
  redis: {
    reachable: true,
    informs: true,
    product: 'Redis',
    version: '7.2.4',
    usedMemoryBytes: 10_000_000,
    maxMemoryBytes: 0,
    maxMemoryPolicy: 'noeviction',
    onlineReplicas: 0,
    problems: [],
  },
  captures: [CAPTURE, STANDBY],
  lastActive: CAPTURE,
  checkpoint: { position: '00000000019F2B40-0000000000', lsn: '0/19F2B40' },
  checkpointProblem: null,
  lag: { receivedBytes: 0, enqueuedBytes: 0, durableBytes: 0, acknowledgedBytes: 0 },
  limits: { maxQueueDepth: 1_000_000, maxRedisMemoryShare: 0.8 },
  queues: [QUEUE],
  backfills: [],
  alerts: null,
  others: [],
  verdicts: [],
};
