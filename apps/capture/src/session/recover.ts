import { doubling, type ErrorCode, WalmqError } from '@walmq/change';
import { replicationFailure } from '@walmq/replication';

/** What to do about a session that ended. */
export type Recovery =
  /** The fault passes by itself: connect again, a little later each time. */
  | 'retry'
  /** A change cannot be sent, or not be taken: try again, ever more seldom, while a person decides what becomes of it. */
  | 'blocked'
  /** Another capture reads the slot: look again soon, and take over when it is gone. */
  | 'standby'
  /** A person has to mend something first. */
  | 'stop';

/** Names any fault of a session and decides by its code. */
export function recoveryOf(cause: unknown, slot: string): { error: WalmqError; recovery: Recovery } {
  const error = cause instanceof WalmqError ? cause : replicationFailure(cause, slot);
  return { error, recovery: RECOVERY[error.code] ?? 'stop' };
}

const RECOVERY: Readonly<Partial<Record<ErrorCode, Recovery>>> = {
  REPLICATION_LOST: 'retry',
  REPLICATION_REFUSED: 'retry',
  // A server that is about to end says so of a standby that is away too; a slot that is lost says so at the next start.
  SLOT_UNREADABLE: 'retry',
  DATABASE_UNREACHABLE: 'retry',
  CHANGE_UNREADABLE: 'blocked',
  CHANGE_FAULT: 'blocked',
  // A failover in the middle: it may be promoted any moment.
  DATABASE_IS_STANDBY: 'retry',
  REDIS_UNREACHABLE: 'retry',
  // Another capture was faster, or Redis went back in time: the next start tells which.
  CHECKPOINT_MOVED: 'retry',
  // The checkpoint that waits for us may come now; the next start finds what it has left.
  SLOT_OVERRUN: 'retry',
  SLOT_BUSY: 'standby',
};

const STANDBY_MS = 500;
const LONGEST_DELAY_MS = 10_000;
/** Each try makes the server read a large transaction once more. */
const LONGEST_BLOCKED_DELAY_MS = 60_000;

/** Milliseconds before the next try, the `attempt`-th (from 0) since something new was enqueued. */
export function retryDelayMs(recovery: Exclude<Recovery, 'stop'>, attempt: number): number {
  if (recovery === 'standby') return STANDBY_MS;
  return doubling(100, attempt, recovery === 'blocked' ? LONGEST_BLOCKED_DELAY_MS : LONGEST_DELAY_MS);
}
