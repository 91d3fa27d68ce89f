import { WalmqError } from '@walmq/change';
import { replicationFailure } from '@walmq/replication';

/** What to do about a session that ended. */
export type Recovery =
  /** The fault passes by itself: connect again, a little later each time. */
  | 'retry'
  /** Another capture reads the slot: look again soon, and take over when it is gone. */
  | 'standby'
  /** A person has to mend something first. */
  | 'stop';

/** Names any fault of a session and decides by its code. */
export function recoveryOf(cause: unknown, slot: string): { error: WalmqError; recovery: Recovery } {
  const error = cause instanceof WalmqError ? cause : replicationFailure(cause, slot);
  return { error, recovery: RECOVERY[error.code] ?? 'stop' };
}

const RECOVERY: Readonly<Record<string, Recovery>> = {
  REPLICATION_LOST: 'retry',
  // A failover in the middle: it may be promoted any moment.
  DATABASE_IN_RECOVERY: 'retry',
  REDIS_UNREACHABLE: 'retry',
  // Another capture was faster, or Redis went back in time: the next start tells which.
  CHECKPOINT_MOVED: 'retry',
  // The checkpoint that waits for us may come now; the next start finds what it has left.
  SLOT_OVERRUN: 'retry',
  SLOT_BUSY: 'standby',
};

const STANDBY_MS = 500;
const LONGEST_DELAY_MS = 10_000;

/** Milliseconds before the next try, the `attempt`-th (from 0) since the last session that streamed. */
export function retryDelayMs(recovery: 'retry' | 'standby', attempt: number): number {
  return recovery === 'standby' ? STANDBY_MS : Math.min(100 * 2 ** attempt, LONGEST_DELAY_MS);
}
