import { formatLsn, type Lsn, lsnFromHex, withStop } from '@walmq/change';
import type { Heartbeats } from '../status/heartbeat.js';
import type { TraceNote } from './trace.js';

/** Bytes of WAL that a capture is behind before a trace says so: a running capture is always a little behind. */
const BEHIND = 1024n * 1024n;

export interface CaptureFacts {
  /** Position up to which all shards have their jobs; undefined if one has none. */
  readonly checkpoint: string | undefined;
  readonly walEnd: Lsn;
  /** Whether a process reads the slot: also one that cannot report to Redis. */
  readonly isSlotRead: boolean;
  readonly heartbeats: Heartbeats;
}

/** Why changes that are committed may not be in any queue yet. */
export function captureNotes({ checkpoint, walEnd, isSlotRead, heartbeats }: CaptureFacts): TraceNote[] {
  const { captures, lastActive } = heartbeats;
  const active = captures.find(({ role }) => role === 'active');
  const runs = active !== undefined || isSlotRead;
  if (checkpoint === undefined)
    return runs ? [] : [noteOf('No capture has enqueued anything yet: committed changes are in no queue.')];
  const lsn = lsnFromHex(checkpoint.slice(0, 16));
  const isBehind = walEnd - lsn >= BEHIND;
  const missing = `Its last batch ends at ${formatLsn(lsn)}, the WAL at ${formatLsn(walEnd)}: changes committed after that batch are in no queue yet.`;
  if (runs) {
    if (active && active.pauses.length > 0)
      return [noteOf(`Capture is paused: ${withStop(active.pauses.join('; '))} ${missing}`)];
    return isBehind ? [noteOf(`Capture is behind. ${missing}`)] : [];
  }
  const waiting = captures.find(({ role }) => role === 'waiting');
  if (waiting)
    return [noteOf(`Capture does not stream: ${withStop(waiting.reason ?? 'it is starting')} ${missing}`)];
  const since = lastActive ? ` The last one was heard of at ${lastActive.at}.` : '';
  return [noteOf(`No capture runs.${since} ${missing}`)];
}

function noteOf(text: string): TraceNote {
  return { code: 'capture-behind', queue: null, text };
}
