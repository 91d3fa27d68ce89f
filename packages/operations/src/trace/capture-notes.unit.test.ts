import { toLsn } from '@walmq/change';
import { expect, it } from 'vitest';
import type { CaptureStatus } from '../status/pipeline-status.js';
import { captureNotes } from './capture-notes.js';

const CHECKPOINT = '0000000000001000-0000000001';
const NEAR = toLsn(0x1100n);
const FAR = toLsn(0x1000_0000n);
const capture = (more: Partial<CaptureStatus>) =>
  ({ role: 'active', at: '2026-01-31T10:00:00.000Z', pauses: [], reason: null, ...more }) as CaptureStatus;
const active = { captures: [capture({})], lastActive: null };

it.each([
  ['it runs and keeps up', CHECKPOINT, NEAR, active, null],
  ['it has much to read', CHECKPOINT, FAR, active, /^Capture is behind\. .* in no queue yet\.$/],
  [
    'it is paused',
    CHECKPOINT,
    NEAR,
    { captures: [capture({ pauses: ['queue orders holds 1000000 jobs'] })], lastActive: null },
    /^Capture is paused: queue orders holds 1000000 jobs\. .* in no queue yet\.$/,
  ],
  [
    'it cannot go on',
    CHECKPOINT,
    NEAR,
    { captures: [capture({ role: 'waiting', reason: 'a change cannot be read' })], lastActive: null },
    /^Capture does not stream: a change cannot be read\. /,
  ],
  [
    'it was stopped',
    CHECKPOINT,
    NEAR,
    { captures: [], lastActive: capture({}) },
    /^No capture runs\. The last one was heard of at 2026-01-31T10:00:00\.000Z\. Its last batch ends at 0\/1000, the WAL at 0\/1100: /,
  ],
  [
    'it never ran',
    undefined,
    NEAR,
    { captures: [], lastActive: null },
    /^No capture has enqueued anything yet/,
  ],
] as const)('says of capture: %s', (_what, checkpoint, walEnd, heartbeats, expected) => {
  const [note] = captureNotes({ checkpoint, walEnd, heartbeats, isSlotRead: false });
  if (expected === null) expect(note).toBeUndefined();
  else expect(note?.text).toMatch(expected);
});

it('says nothing of a capture that reads the slot and does not report', () => {
  const heartbeats = { captures: [], lastActive: null };
  expect(captureNotes({ checkpoint: CHECKPOINT, walEnd: NEAR, heartbeats, isSlotRead: true })).toEqual([]);
});
