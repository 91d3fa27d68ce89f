import type { ChangeName, Position, WalmqError } from '@walmq/change';
import type { TableFinding } from '@walmq/operations';
import type { BackfillNotice } from '../backfill/run-backfills.js';
import type { ChangeCount } from '../pipeline/tally-changes.js';
import type { SlotSnapshot } from '../postgres/watch-slot.js';
import type { Progress } from '../progress/acknowledge.js';
import type { DriftNotice } from '../tables/notice-drift.js';

/** What keeps a capture that streams from enqueueing. Several may hold at the same time. */
export type PauseCause = 'redis' | 'backlog' | 'visibility' | 'postgres';

export const PAUSE_CAUSES: readonly PauseCause[] = ['redis', 'backlog', 'visibility', 'postgres'];

/** Everything that log, metrics, status and readiness know of a capture. */
export type CaptureEvent =
  /** Something an operator should know, which does not change how the session goes on. `event` is its name in the log. */
  | { readonly type: 'notice'; readonly event: string; readonly sentence: string }
  /** Redis does not show how it keeps data, and `redis.trustDurability` accepts that. */
  | { readonly type: 'unchecked'; readonly durability: string }
  /** A session goes on after this position. */
  | { readonly type: 'streaming'; readonly position: Position }
  /** A fault ended a session; `standby`: another capture reads the slot. */
  | {
      readonly type: 'interrupted';
      readonly role: 'standby' | 'waiting';
      readonly error: WalmqError;
      readonly atMs: number;
    }
  | { readonly type: 'progress'; readonly progress: Progress }
  /** Changes that the stream has brought. */
  | { readonly type: 'changes'; readonly counts: readonly ChangeCount[] }
  /** Redis has taken a batch. */
  | { readonly type: 'batch'; readonly jobs: number }
  /** Redis takes no batches; once for each failed try. */
  | { readonly type: 'paused'; readonly cause: 'redis'; readonly error: Error; readonly retryInMs: number }
  /**
   * `backlog`: the queues hold too much, or Redis' memory does. `visibility`: the next change is of a table that PostgreSQL
   * does not show yet. `postgres`: the walsender sends nothing.
   */
  | { readonly type: 'paused'; readonly cause: Exclude<PauseCause, 'redis'>; readonly reason: string }
  | { readonly type: 'resumed'; readonly cause: PauseCause }
  /** A table was compared with what a queue expects of it, before the changes of the table. */
  | { readonly type: 'drift'; readonly notice: DriftNotice }
  /** What a look at publication and tables has found; nothing: every change that queues expect comes. */
  | { readonly type: 'tables'; readonly findings: readonly TableFinding[] }
  /** A look failed, or a table could not be added to the publication. */
  | { readonly type: 'tables-unseen'; readonly error: Error }
  /** A transaction's context could not be read, and why. */
  | { readonly type: 'context-refused'; readonly reason: string }
  | { readonly type: 'backfill'; readonly notice: BackfillNotice }
  /** A change cannot be written out, and why: only its key is enqueued, and its job fails. */
  | { readonly type: 'change-parked'; readonly change: ChangeName; readonly reason: string }
  /** An event that no queue takes, and why; without an id it has no position in the stream either. */
  | { readonly type: 'event-malformed'; readonly reason: string; readonly changeId?: string }
  /** A look at the slot, whichever capture reads it. */
  | {
      readonly type: 'slot';
      readonly snapshot: SlotSnapshot;
      /** No unacknowledged change is older; undefined until that is known. */
      readonly lagMs: number | undefined;
      /** Everything committed before this instant is acknowledged. */
      readonly caughtUpAtMs: number | undefined;
    }
  /** The server did not answer a look at the slot. */
  | { readonly type: 'slot-unknown' };

export type Emit = (event: CaptureEvent) => void;
