import { formatLsn, type Lsn, lsnFromHex } from '@walmq/change';
import type { Heartbeats } from '../status/heartbeat.js';
import type { TraceNote } from './trace.js';

/** Bytes of WAL that a capture is behind before a trace says so: a running capture is always a little behind. */
const BEHIND = 1024n * 1024n;

/** Why changes that are committed may not be in any queue yet. */
export function captureNotes(
  checkpoint: string | undefined,
  walEnd: Lsn,
  { captures, lastActive }: Heartbeats,
): TraceNote[] {
  const active = captures.find(({ role }) => role === 'active');
  if (checkpoint === undefined)
    return active ? [] : [noteOf('No capture has enqueued anything yet: committed changes are in no queue.')];
  const lsn = lsnFromHex(checkpoint.slice(0, 16));
  const isBehind = walEnd - lsn >= BEHIND;
  const missing = `Its last batch ends at ${formatLsn(lsn)}, the WAL at ${formatLsn(walEnd)}: changes committed after that batch are in no queue yet.`;
  if (active) {
    if (active.pauses.length > 0)
      return [noteOf(`Capture is paused: ${withStop(active.pauses.join('; '))} ${missing}`)];
    return isBehind ? [noteOf(`Capture is behind. ${missing}`)] : [];
  }
  const waiting = captures.find(({ role }) => role === 'waiting');
  if (waiting)
    return [noteOf(`Capture does not stream: ${withStop(waiting.reason ?? 'it is starting')} ${missing}`)];
  const since = lastActive ? ` The last one was heard of at ${lastActive.at}.` : '';
  return [noteOf(`No capture runs.${since} ${missing}`)];
}

function withStop(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

function noteOf(text: string): TraceNote {
  return { code: 'capture-behind', queue: null, text };
}
