import { parseLsn, WalmqError } from '@walmq/change';
import { describe, expect, it } from 'vitest';
import { progressFrom } from '../progress/acknowledge.js';
import { StatusTracker } from './capture-status.js';
import { STARTING } from './condition.js';

function tracker(): StatusTracker {
  return new StatusTracker({
    instance: 'a1b2c3d4',
    host: 'host-1',
    pid: 42,
    version: '1.2.3',
    startedAt: '2026-01-01T00:00:00.000Z',
    slot: 'walmq',
  });
}

const POSITION = { lsn: parseLsn('16/B374D848'), seq: 3 };
const ORDERS = { schema: 'public', table: 'orders', op: 'insert', count: 10 } as const;
const ITEMS = { schema: 'public', table: 'items', op: 'update', count: 20 } as const;

describe('StatusTracker', () => {
  it('starts as one that waits, and knows nothing', () => {
    expect(tracker().take(1000)).toMatchObject({
      instance: 'a1b2c3d4',
      role: 'waiting',
      reason: 'it is starting',
      source: null,
      positions: null,
      changesPerSecond: 0,
      batchJobs: null,
      caughtUpAt: null,
      lastError: null,
    });
  });

  it('shows positions while it streams, and none when it does not', () => {
    const one = tracker();
    one.on({ type: 'streaming', position: POSITION }, STARTING);
    one.on({ type: 'progress', progress: progressFrom([POSITION], parseLsn('16/B374D000')) }, STARTING);
    expect(one.take(1000)).toMatchObject({
      role: 'active',
      reason: null,
      positions: { received: '16/B374D848', enqueued: '16/B374D848', acknowledged: '16/B374D000' },
    });
    const error = new WalmqError('REPLICATION_LOST', 'gone.');
    one.on({ type: 'interrupted', role: 'waiting', error, atMs: 5000 }, STARTING);
    expect(one.take(6000)).toMatchObject({
      role: 'waiting',
      reason: 'gone.',
      positions: null,
      lastError: { code: 'REPLICATION_LOST', message: 'gone.', at: '1970-01-01T00:00:05.000Z' },
    });
  });

  it('does not take standing by for a fault', () => {
    const one = tracker();
    const error = new WalmqError('SLOT_BUSY', 'another capture reads it.');
    one.on({ type: 'interrupted', role: 'standby', error, atMs: 5000 }, STARTING);
    expect(one.take(6000)).toMatchObject({ role: 'standby', lastError: null });
  });

  it('counts changes, jobs and batches of the last seconds', () => {
    const one = tracker();
    one.take(0);
    for (let second = 1; second <= 20; second++) {
      one.on({ type: 'changes', counts: [ORDERS, ITEMS] }, STARTING);
      one.on({ type: 'batch', jobs: 40 }, STARTING);
      one.on({ type: 'batch', jobs: 20 }, STARTING);
      expect(one.take(second * 1000)).toMatchObject({
        changesPerSecond: 30,
        jobsPerSecond: 60,
        batchJobs: 30,
      });
    }
    for (let second = 21; second <= 26; second++) one.take(second * 1000);
    expect(one.take(27_000)).toMatchObject({ changesPerSecond: 0, jobsPerSecond: 0, batchJobs: null });
  });
});
