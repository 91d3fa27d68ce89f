import { WalmqError } from '@walmq/change';
import { describe, expect, it } from 'vitest';
import type { CaptureEvent } from './capture-event.js';
import { type Condition, idleBecause, nextCondition, STARTING, stallEvent } from './condition.js';

const STREAMING: CaptureEvent = { type: 'streaming', position: { lsn: 1n as never, seq: 0 } };
const INTERRUPTED: CaptureEvent = {
  type: 'interrupted',
  role: 'waiting',
  error: new WalmqError('REPLICATION_LOST', 'the connection is lost.'),
  atMs: 0,
};
const STANDBY: CaptureEvent = {
  type: 'interrupted',
  role: 'standby',
  error: new WalmqError('SLOT_BUSY', 'another capture reads it.'),
  atMs: 0,
};
const HELD: CaptureEvent = { type: 'paused', cause: 'backlog', reason: 'too many jobs' };
const HIDDEN: CaptureEvent = { type: 'paused', cause: 'visibility', reason: 'a standby is away' };
const away = (message: string): CaptureEvent => ({
  type: 'paused',
  cause: 'redis',
  error: new Error(message),
  retryInMs: 1,
});

function conditionAfter(...events: readonly CaptureEvent[]): Condition {
  return events.reduce(nextCondition, STARTING);
}

describe('the condition of a capture', () => {
  it.each<[string | undefined, readonly CaptureEvent[]]>([
    ['it is starting', []],
    [undefined, [STREAMING]],
    ['the connection is lost.', [STREAMING, HELD, INTERRUPTED]],
    [undefined, [STREAMING, HELD, INTERRUPTED, STREAMING]],
    [undefined, [STANDBY]],
    ['the connection is lost.', [STANDBY, STREAMING, INTERRUPTED]],
    ['the backlog is at its limit: too many jobs', [STREAMING, HELD, HIDDEN]],
    ['a standby is away', [STREAMING, HELD, HIDDEN, { type: 'resumed', cause: 'backlog' }]],
    ['Redis takes no batches: again', [STREAMING, away('once'), away('again')]],
    [undefined, [STREAMING, away('once'), { type: 'resumed', cause: 'redis' }]],
  ])('is idle because %s', (reason, events) => {
    expect(idleBecause(conditionAfter(...events))).toBe(reason);
  });

  it('tells of a stall when it begins and when it ends, and only while this capture streams', () => {
    expect(stallEvent(STARTING, 'stuck')).toBeUndefined();
    const streaming = conditionAfter(STREAMING);
    expect(stallEvent(streaming, undefined)).toBeUndefined();
    const began = stallEvent(streaming, 'stuck') as CaptureEvent;
    expect(began).toEqual({ type: 'paused', cause: 'postgres', reason: 'stuck' });
    const stalled = nextCondition(streaming, began);
    expect(stallEvent(stalled, 'stuck')).toBeUndefined();
    expect(stallEvent(stalled, undefined)).toEqual({ type: 'resumed', cause: 'postgres' });
  });
});
