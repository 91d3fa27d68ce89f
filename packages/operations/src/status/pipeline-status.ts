import type { Backfill } from '@walmq/backfill';
import type { ErrorCode } from '@walmq/change';
import type { HeldKey } from '@walmq/fanout';
import type { WindowFigures, WorkedOff } from '@walmq/figures';
import type { OtherPipeline } from '@walmq/replication';

/**
 * The status of a pipeline, as plain JSON. LSNs have PostgreSQL's text form (`16/B374D848`), times are ISO
 * 8601. Null means unknown or absent; 0 means none.
 */
export interface PipelineStatus {
  /** When the status was read. */
  readonly at: string;
  readonly slotName: string;
  readonly database: DatabaseStatus | Unreachable;
  readonly redis: RedisStatus | Unreachable;
  /** Every capture with a heartbeat in the last seconds, the active one first. */
  readonly captures: readonly CaptureStatus[];
  /**
   * The last report of the capture that streamed last, or ended by a fault since. That capture may no longer
   * exist.
   */
  readonly lastActive: CaptureStatus | null;
  readonly checkpoint: CheckpointStatus | null;
  /**
   * Why capture would refuse to continue from this checkpoint; null if it would continue, or if one side is
   * unknown.
   */
  readonly checkpointProblem: Problem | null;
  /** Bytes of WAL between each step and the end of the WAL; null if one side is unknown. */
  readonly lag: LagStatus | null;
  /** The configured limits at which capture pauses. */
  readonly limits: { readonly maxQueueDepth: number; readonly maxRedisMemoryShare: number };
  /** In the order of the configuration; empty if Redis cannot be reached. */
  readonly queues: readonly QueueStatus[];
  /**
   * Backfills that have neither completed nor been cancelled, oldest first; empty if PostgreSQL cannot be
   * reached.
   */
  readonly backfills: readonly Backfill[];
  /** Who is told of what is wrong; null if the configuration has no alerts, or Redis cannot be reached. */
  readonly alerts: AlertStatus | null;
  /** Other pipelines of this database, by slot; empty if PostgreSQL cannot be reached. */
  readonly others: readonly OtherPipeline[];
  /** What is wrong, the worst first. Empty if all is well. */
  readonly verdicts: readonly Verdict[];
}

export interface Unreachable {
  readonly reachable: false;
  /** The reason, as a sentence. */
  readonly reason: string;
  /** The remedy, as an imperative sentence. */
  readonly remedy: string;
}

/** The watchers and targets of alerts. */
export interface AlertStatus {
  /** The last look of a watcher; null if there was none. */
  readonly watchedAt: string | null;
  /** Targets that do not take messages. */
  readonly failing: readonly { readonly target: string; readonly since: string; readonly error: string }[];
  /** Messages that wait to be sent. */
  readonly waiting: number;
}

export interface DatabaseStatus {
  readonly reachable: true;
  /** `18.1` */
  readonly version: string;
  readonly name: string;
  /** True on a standby, which takes no changes. The fields below are null then. */
  readonly inRecovery: boolean;
  readonly walEnd: string | null;
  /** Null when there is none. */
  readonly slot: SlotStatus | null;
}

export interface SlotStatus {
  readonly name: string;
  /** What the slot is instead, if it is no slot of this pipeline: "a physical slot". Otherwise absent. */
  readonly foreign?: string;
  /** True while a process reads it. */
  readonly active: boolean;
  readonly activePid: number | null;
  /** Everything before this LSN has been acknowledged. */
  readonly confirmedFlushLsn: string;
  /** reserved, extended, unreserved or lost. */
  readonly walStatus: string | null;
  /** PostgreSQL >= 17. */
  readonly invalidationReason: string | null;
  readonly retainedWalBytes: number | null;
  /** Bytes that can still be written before the slot may be lost; null: no limit, or lost. */
  readonly safeWalBytes: number | null;
  /**
   * Whether standbys keep the slot synchronised (PostgreSQL >= 17); null if the server does not know of this.
   */
  readonly failover: boolean | null;
  /**
   * Seconds: no change that waits for its acknowledgement is older. 0 if none waits; null if no capture has
   * ever reported a position.
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
  /** False where INFO is forbidden: version, memory and replicas are unknown. */
  readonly informs: boolean;
  readonly product: 'Redis' | 'Valkey';
  readonly version: string;
  readonly usedMemoryBytes: number;
  /** 0: no limit. */
  readonly maxMemoryBytes: number;
  /** Null where CONFIG is forbidden. */
  readonly maxMemoryPolicy: string | null;
  readonly onlineReplicas: number;
  /** Why capture would refuse this server, or the server refuses capture: durability, eviction, no writes. */
  readonly problems: readonly Problem[];
}

/** The position of the last change that the enqueue script wrote. */
export interface CheckpointStatus {
  /** `00000000019F2B40-0000000001` */
  readonly position: string;
  readonly lsn: string;
}

/** The report that a capture process writes once a second. */
export interface CaptureStatus {
  /** New for every process; reveals nothing of its machine. */
  readonly instance: string;
  readonly host: string;
  readonly pid: number;
  readonly version: string;
  readonly startedAt: string;
  /** Time of the report, by the capture's own clock. */
  readonly at: string;
  readonly slot: string;
  /** The database, slot and server that it reads; null until it has reached the database. */
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
  /** Why it streams but does not enqueue; empty while it enqueues. */
  readonly pauses: readonly string[];
  /**
   * What it found about publication and tables while it streamed: changes that do not come, or did not come.
   * Absent if its version does not check.
   */
  readonly tables?: readonly TableFinding[];
  /** Everything committed before this time is acknowledged; null until capture has caught up once. */
  readonly caughtUpAt: string | null;
  /** The fault that ended its last connection. */
  readonly lastError: { readonly code: string; readonly message: string; readonly at: string } | null;
}

/** Changes that do not come, come incomplete, or did not come. */
export interface TableFinding {
  readonly code: TableFindingCode;
  readonly severity: 'error' | 'warning';
  /** `schema.table`; null: all tables that queues read. */
  readonly table: string | null;
  readonly sentence: string;
  readonly remedy: string;
  /** True while it lasts. False: it is over, but its loss may not be repaired yet. */
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
  /** An operator has paused the queue: its workers take no jobs. */
  readonly isPaused: boolean;
  /** Waiting in their turn or with a priority. */
  readonly waiting: number;
  readonly active: number;
  readonly delayed: number;
  /** Why one of the delayed changes is retried; null if none is: an event may have asked for a delay. */
  readonly retriedFor: string | null;
  /**
   * Among the next delayed changes, the one that has been postponed for the longest time; null if none was.
   */
  readonly postponed: { readonly seconds: number; readonly times: number; readonly reason: string } | null;
  /** Ordering keys that operators have paused, each for itself; the first of them with who did it. */
  readonly pausedKeys: { readonly count: number; readonly first: readonly HeldKey[] };
  /** Changes that wait for an earlier one of their key, or for a paused key (waiting-children). */
  readonly parked: number;
  readonly failed: number;
  /** Completed changes that are still kept. */
  readonly completed: number;
  /** Seconds since the commit of the oldest change that is neither completed nor failed; null when there is none. */
  readonly oldestSeconds: number | null;
  /** True if not all unfinished changes were looked at, because there are thousands: an older one is possible. */
  readonly oldestIsLeast: boolean;
  /** Changes completed in the last minute, counted by the workers of the kit, or else from the changes that are kept. */
  readonly completedPerMinute: number;
  /** True if no worker counts, and more changes may have been completed than are kept. */
  readonly completedPerMinuteIsLeast: boolean;
  /** Counted by the workers of the kit. Null if unknown: none has reported in the last day, or the figures took too long to read. */
  readonly figures: QueueFiguresStatus | null;
  /** When the backlog (waiting, active and parked) is worked off, at the pace of the last minutes. */
  readonly workedOff: WorkedOff;
  /** Null if Redis does not list its clients. */
  readonly workers: number | null;
}

/** What the workers of a queue counted. Times in seconds. */
export interface QueueFiguresStatus {
  /** Changes done in each of the last 15 full minutes, the oldest first. */
  readonly donePerMinute: readonly number[];
  readonly lastHour: WindowFigures;
  readonly lastDay: WindowFigures;
}

/** An error with a remedy, as JSON. */
export interface Problem {
  readonly code: ErrorCode;
  readonly sentence: string;
  readonly remedy: string;
}

export type Severity = 'error' | 'warning' | 'info';

/** One statement about the pipeline, with its remedy. */
export interface Verdict {
  readonly code: VerdictCode;
  readonly severity: Severity;
  /** The queue that it is about. */
  readonly queue?: string;
  /** The fact, as a sentence. */
  readonly sentence: string;
  /** The remedy, as an imperative sentence. */
  readonly remedy: string;
}

/** Findings of capture about tables, which become verdicts as they are. */
const TABLE_FINDING_CODES = [
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

/** Explained in docs/reference/errors.md, as every code is. */
export const VERDICT_CODES = [
  'DATABASE_UNREACHABLE',
  'DATABASE_IS_STANDBY',
  'REDIS_UNREACHABLE',
  'REDIS_DENIED',
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
  'KEYS_PAUSED',
  'BACKFILL_FAILED',
  'BACKFILL_PAUSED',
  'ALERTS_FAIL',
  'ALERTS_UNWATCHED',
  'PIPELINE_UNSEEN',
  'NOTHING_YET',
] as const satisfies readonly ErrorCode[];

export type VerdictCode = (typeof VERDICT_CODES)[number] | TableFindingCode;

/** Every code that a verdict may have. */
export const ALERT_CODES: readonly string[] = [...VERDICT_CODES, ...TABLE_FINDING_CODES];
