import { parseLsn } from '@walmq/change';
import { describe, expect, it } from 'vitest';
import { progressFrom } from '../progress/acknowledge.js';
import { StatusTracker } from './capture-status.js';

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
    one.streaming();
    one.progress(progressFrom([POSITION], parseLsn('16/B374D000')));
    expect(one.take(1000)).toMatchObject({
      role: 'active',
      reason: null,
      positions: { received: '16/B374D848', enqueued: '16/B374D848', acknowledged: '16/B374D000' },
    });
    one.interrupted('waiting', { code: 'REPLICATION_LOST', message: 'gone.' }, 5000);
    expect(one.take(6000)).toMatchObject({
      role: 'waiting',
      reason: 'gone.',
      positions: null,
      lastError: { code: 'REPLICATION_LOST', message: 'gone.', at: '1970-01-01T00:00:05.000Z' },
    });
  });

  it('does not take standing by for a fault', () => {
    const one = tracker();
    one.interrupted('standby', { code: 'SLOT_BUSY', message: 'another capture reads it.' }, 5000);
    expect(one.take(6000)).toMatchObject({ role: 'standby', lastError: null });
  });

  it('counts changes, jobs and batches of the last seconds', () => {
    const one = tracker();
    one.take(0);
    for (let second = 1; second <= 20; second++) {
      for (let change = 0; change < 30; change++) one.change();
      one.batch(40);
      one.batch(20);
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
