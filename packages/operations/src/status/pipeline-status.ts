import type { Backfill } from '@walmq/backfill';
import type { ErrorCode } from '@walmq/change';

/**
 * One picture of a pipeline, as plain JSON. LSNs are PostgreSQL's text form (`16/B374D848`), times are ISO 8601.
 * Null stands for what cannot be known, or is not there; 0 for nothing.
 */
export interface PipelineStatus {
  /** When the picture was taken. */
  readonly at: string;
  readonly slotName: string;
  readonly database: DatabaseStatus | Unreachable;
  readonly redis: RedisStatus | Unreachable;
  /** Every capture that has been heard of in the last seconds, the active one first. */
  readonly captures: readonly CaptureStatus[];
  /** What the capture that streamed last, or ended by a fault since, said last; it may be gone. */
  readonly lastActive: CaptureStatus | null;
  readonly checkpoint: CheckpointStatus | null;
  /** Why capture would refuse to go on from this checkpoint; null when it would, or when one side is not known. */
  readonly checkpointProblem: Problem | null;
  /** Bytes of WAL between the server's end of the WAL and each step; null when one side is not known. */
  readonly lag: LagStatus | null;
  /** The limits of the configuration past which capture pauses. */
  readonly limits: { readonly maxQueueDepth: number; readonly maxRedisMemoryShare: number };
  /** In the order of the configuration; empty when Redis cannot be reached. */
  readonly queues: readonly QueueStatus[];
  /** Those that have not ended well, nor been given up, oldest first; empty when PostgreSQL cannot be reached. */
  readonly backfills: readonly Backfill[];
  /** What is wrong, the worst first. Empty: all is well. */
  readonly verdicts: readonly Verdict[];
}

export interface Unreachable {
  readonly reachable: false;
  /** Why, as a sentence. */
  readonly reason: string;
  /** What to do about it, as an imperative sentence. */
  readonly remedy: string;
}

export interface DatabaseStatus {
  readonly reachable: true;
  /** `18.1` */
  readonly version: string;
  readonly name: string;
  /** A standby takes no changes; what follows is null then. */
  readonly inRecovery: boolean;
  readonly walEnd: string | null;
  /** Null when there is none. */
  readonly slot: SlotStatus | null;
}

export interface SlotStatus {
  readonly name: string;
  /** What it is instead, when it is no slot of this pipeline: "a physical slot"; else it is left out. */
  readonly foreign?: string;
  /** Somebody reads it. */
  readonly active: boolean;
  readonly activePid: number | null;
  /** Everything before this has been acknowledged. */
  readonly confirmedFlushLsn: string;
  /** reserved, extended, unreserved or lost. */
  readonly walStatus: string | null;
  /** PostgreSQL >= 17. */
  readonly invalidationReason: string | null;
  readonly retainedWalBytes: number | null;
  /** Bytes that can still be written before the slot may be lost; null: no limit, or lost. */
  readonly safeWalBytes: number | null;
  /** Whether standbys keep the slot in step (PostgreSQL >= 17); null: the server does not know of it. */
  readonly failover: boolean | null;
  /**
   * Seconds: no change that waits for its acknowledgement is older. 0 when none waits; null when no capture has
   * ever said how far it had come.
   */
  readonly oldestUnconfirmedSeconds: number | null;
}

export interface LagStatus {
  /** Null while no capture streams. */
  readonly receivedBytes: number | null;
  readonly enqueuedBytes: number | null;
  readonly durableBytes: number | null;
  readonly acknowledgedBytes: number;
}

export interface RedisStatus {
  readonly reachable: true;
  readonly product: 'Redis' | 'Valkey';
  readonly version: string;
  readonly usedMemoryBytes: number;
  /** 0: no limit. */
  readonly maxMemoryBytes: number;
  /** Null where CONFIG is forbidden. */
  readonly maxMemoryPolicy: string | null;
  readonly onlineReplicas: number;
  /** Why capture would refuse this server, or it refuses capture: the promise of durability, eviction, no writes. */
  readonly problems: readonly Problem[];
}

/** How far Redis has been told, by the script that enqueues. */
export interface CheckpointStatus {
  /** `00000000019F2B40-0000000001` */
  readonly position: string;
  readonly lsn: string;
}

/** What a capture process tells of itself, once a second. */
export interface CaptureStatus {
  /** Made anew by every process; says nothing of its machine. */
  readonly instance: string;
  readonly host: string;
  readonly pid: number;
  readonly version: string;
  readonly startedAt: string;
  /** When it told this, by its own clock. */
  readonly at: string;
  readonly slot: string;
  /** Which database, slot and server it reads; null until it has reached the database. */
  readonly source: string | null;
  /** active: reads the slot. standby: another one does. waiting: neither, see `reason`. */
  readonly role: 'active' | 'standby' | 'waiting';
  /** Why it is not active. */
  readonly reason: string | null;
  /** Null unless active. */
  readonly positions: CapturePositions | null;
  /** Over the last seconds. */
  readonly changesPerSecond: number;
  readonly jobsPerSecond: number;
  /** Jobs of an average batch of the last seconds; null when there was none. */
  readonly batchJobs: number | null;
  /** Why it streams but does not enqueue; empty when it does. */
  readonly pauses: readonly string[];
  /**
   * What it has found of publication and tables while it streamed: changes that do not come, or did not. Absent: it is of a
   * version that does not look.
   */
  readonly tables?: readonly TableFinding[];
  /** Everything committed before this instant is acknowledged; null until it has once caught up. */
  readonly caughtUpAt: string | null;
  /** The fault that ended its last connection. */
  readonly lastError: { readonly code: string; readonly message: string; readonly at: string } | null;
}

/** Changes that do not come, or not whole, or did not. */
export interface TableFinding {
  readonly code: TableFindingCode;
  readonly severity: 'error' | 'warning';
  /** `schema.table`; null: of all that queues read. */
  readonly table: string | null;
  readonly sentence: string;
  readonly remedy: string;
  /** It is so now; else it is over, and what it cost may not be made good yet. */
  readonly isOpen: boolean;
}

/** LSNs in PostgreSQL's text form, each at or behind the one before. */
export interface CapturePositions {
  readonly received: string;
  readonly enqueued: string;
  readonly durable: string;
  readonly acknowledged: string;
}

export interface QueueStatus {
  readonly name: string;
  /** The queue has been paused by a person: its workers take nothing. */
  readonly isPaused: boolean;
  /** By their turn, or by a priority of their own. */
  readonly waiting: number;
  readonly active: number;
  readonly delayed: number;
  /** Why one of the delayed changes is tried again; null when none is: a delay may have been asked for. */
  readonly retriedFor: string | null;
  /** Of the delayed changes that come next, the one that has been put off for longest; null where none was. */
  readonly postponed: { readonly seconds: number; readonly times: number; readonly reason: string } | null;
  /** Changes that wait for an earlier one of their key (waiting-children). */
  readonly parked: number;
  readonly failed: number;
  /** Completed ones that are still kept. */
  readonly completed: number;
  /** Seconds since the commit of the oldest change that is neither completed nor failed; null when there is none. */
  readonly oldestSeconds: number | null;
  /** Changes completed in the last full minute. */
  readonly completedPerMinute: number;
  /** True when more may have been completed than are kept to be counted. */
  readonly completedPerMinuteIsLeast: boolean;
  /** Null where Redis does not list its clients. */
  readonly workers: number | null;
}

/** An error that a person can act on, as JSON. */
export interface Problem {
  readonly code: ErrorCode;
  readonly sentence: string;
  readonly remedy: string;
}

export type Severity = 'error' | 'warning' | 'info';

/** One thing that is wrong or worth knowing, and what to do about it. */
export interface Verdict {
  readonly code: VerdictCode;
  readonly severity: Severity;
  /** The queue it is about. */
  readonly queue?: string;
  /** What is, as a sentence. */
  readonly sentence: string;
  /** What to do, as an imperative sentence. */
  readonly remedy: string;
}

/** What capture finds of tables becomes a verdict as it is. Explained there too. */
export const TABLE_FINDING_CODES = [
  'TABLE_MISSING',
  'TABLE_UNLOGGED',
  'TABLE_UNPUBLISHED',
  'CHILDREN_UNPUBLISHED',
  'OPERATIONS_UNPUBLISHED',
  'PARTITIONS_UNPUBLISHED',
  'FILTER_CHANGED',
  'OLD_ROWS_PARTIAL',
  'CHANGES_UNPUBLISHED',
  'TABLE_REPLACED',
  'PUBLICATION_REMADE',
  'PARTITION_ATTACHED',
  'PARTITION_GONE',
] as const satisfies readonly ErrorCode[];

export type TableFindingCode = (typeof TABLE_FINDING_CODES)[number];

/** Under which docs/guides/operations.md explains each. */
export const VERDICT_CODES = [
  'DATABASE_UNREACHABLE',
  'DATABASE_IS_STANDBY',
  'REDIS_UNREACHABLE',
  'SLOT_MISSING',
  'SLOT_FOREIGN',
  'SLOT_LOST',
  'SLOT_NEAR_LIMIT',
  'SLOT_RETAINS_WAL',
  'REDIS_LOST_CHANGES',
  'CHECKPOINT_AHEAD',
  'REDIS_NOT_DURABLE',
  'REDIS_MAY_EVICT',
  'REDIS_DURABILITY_UNKNOWN',
  'REDIS_READ_ONLY',
  'REDIS_WRITES_FAIL',
  'REDIS_MEMORY_NEAR_LIMIT',
  'CAPTURE_DOWN',
  'CAPTURE_WAITING',
  'CHANGE_UNREADABLE',
  'CAPTURE_UNHEARD',
  'CAPTURE_PAUSED',
  'STANDBY_MISSING',
  'CHANGES_FAILED',
  'CHANGES_RETRIED',
  'CHANGES_POSTPONED',
  'WORKERS_MISSING',
  'QUEUE_PAUSED',
  'BACKFILL_FAILED',
  'BACKFILL_PAUSED',
  'NOTHING_YET',
] as const satisfies readonly ErrorCode[];

export type VerdictCode = (typeof VERDICT_CODES)[number] | TableFindingCode;
