import { stripVTControlCharacters } from 'node:util';
import type { PipelineStatus } from '@walmq/operations';
import { BACKFILL, CAPTURE, QUEUE, SLOT, WELL } from '@walmq/operations/status-fixture';
import { describe, expect, it } from 'vitest';
import { drawStatus } from './draw-status.js';

const STATUS: PipelineStatus = {
  ...WELL,
  database: {
    reachable: true,
    version: '18.1',
    name: 'shop',
    inRecovery: false,
    walEnd: '0/19F2B40',
    slot: { ...SLOT, safeWalBytes: 1024 ** 3, oldestUnconfirmedSeconds: 75 },
  },
  redis: {
    reachable: true,
    informs: true,
    product: 'Valkey',
    version: '8.0.1',
    maxMemoryPolicy: 'noeviction',
    usedMemoryBytes: 1024 ** 2,
    maxMemoryBytes: 1024 ** 3,
    onlineReplicas: 0,
    problems: [],
  },
  captures: [{ ...CAPTURE, pauses: ['the backlog is at its limit'] }],
  lag: { receivedBytes: 0, enqueuedBytes: 1024, durableBytes: null, acknowledgedBytes: 2048 },
  queues: [
    {
      ...QUEUE,
      waiting: 1200,
      parked: 4,
      failed: 5,
      oldestSeconds: null,
      workers: null,
      completedPerMinute: 1000,
      completedPerMinuteIsLeast: true,
      workedOff: { seconds: 90, isLeast: true, reason: null },
    },
  ],
  backfills: [BACKFILL],
  others: [],
  verdicts: [
    { code: 'CAPTURE_PAUSED', severity: 'warning', sentence: 'Capture is paused.', remedy: 'Wait for it.' },
  ],
};

describe('drawStatus', () => {
  it('draws everything in few lines', () => {
    expect(drawStatus(STATUS, false)).toEqual([
      'PostgreSQL  18.1, database "shop"',
      'Slot        "walmq", read by process 7, reserved, retains 1.5 kB of WAL, 1.0 GB more may come, failover',
      'Behind      received 0 bytes, enqueued 1.0 kB, durable -, acknowledged 2.0 kB, oldest 1 min 15 s',
      'Redis       Valkey 8.0.1, 1.0 MB of 1.0 GB used, noeviction',
      '',
      'CAPTURE   ROLE             HOST    PID  VERSION   UP  CHANGES/S  BATCH',
      'a1b2c3d4  active (paused)  host-1   42    1.2.3  1 h      120.5     40',
      '',
      'QUEUE   WAITING  ACTIVE  DELAYED  PARKED  FAILED  DONE/MIN  OLDEST  LEFT         P50/P95/P99      WORKERS',
      'orders     1200       2        1       4       5     1000+       -  1 min 30 s+  12ms/150ms/1.2s        ?',
      '',
      'BACKFILL  STATUS   QUEUE   TABLE          READ    OF  ROWS/S  LEFT',
      '       3  running  orders  public.orders   500  2000      50  30 s',
      '',
      'warning  CAPTURE_PAUSED: Capture is paused.',
      '         -> Wait for it.',
    ]);
  });

  it('has colours where they are wanted, and the same words', () => {
    const coloured = drawStatus(STATUS, true);
    expect(coloured.join('')).toContain('\u001b[33m');
    expect(coloured.map(stripVTControlCharacters)).toEqual(drawStatus(STATUS, false));
  });

  it('says that all is well', () => {
    expect(drawStatus({ ...STATUS, verdicts: [] }, false).at(-1)).toBe('All is well.');
  });
});
