import { doubling, type ErrorCode, WalmqError } from '@walmq/change';
import { replicationFailure } from '@walmq/replication';

/** What follows the end of a session. */
export type Recovery =
  /** The fault is temporary: connect again, a little later each time. */
  | 'retry'
  /** A change cannot be sent or taken: try again, less and less often, until a person decides about it. */
  | 'blocked'
  /** Another capture reads the slot: look again soon, and take over when that capture ends. */
  | 'standby'
  /** A person has to correct something first. */
  | 'stop';

/** Gives every fault of a session a code, and decides by the code. */
export function recoveryOf(cause: unknown, slot: string): { error: WalmqError; recovery: Recovery } {
  const error = cause instanceof WalmqError ? cause : replicationFailure(cause, slot);
  return { error, recovery: RECOVERY[error.code] ?? 'stop' };
}

const RECOVERY: Readonly<Partial<Record<ErrorCode, Recovery>>> = {
  REPLICATION_LOST: 'retry',
  REPLICATION_REFUSED: 'retry',
  // A server that shuts down reports this of an absent standby too; a lost slot is found at the next start.
  SLOT_UNREADABLE: 'retry',
  DATABASE_UNREACHABLE: 'retry',
  CHANGE_UNREADABLE: 'blocked',
  CHANGE_FAULT: 'blocked',
  // A failover is under way: the server may be promoted at any moment.
  DATABASE_IS_STANDBY: 'retry',
  REDIS_UNREACHABLE: 'retry',
  // Another capture was faster, or Redis went back in time: the next start finds out.
  CHECKPOINT_MOVED: 'retry',
  // The blocked checkpoint can run now; the next start finds out whether it has kept the slot.
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
