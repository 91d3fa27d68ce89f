import type { ChangeName } from '@walmq/change';
import type { WalmqConfig } from '@walmq/config';
import type { TableFinding } from '@walmq/operations';
import type { ReplicationStream, Slot, Source } from '@walmq/replication';
import type { BackfillNotice } from '../backfill/run-backfills.js';
import type { ChangeTracer } from '../pipeline/trace.js';
import type { Control } from '../postgres/control.js';
import type { Progress } from '../progress/acknowledge.js';
import type { DriftNotice } from '../tables/notice-drift.js';

export interface SessionOptions {
  readonly config: WalmqConfig;
  readonly databaseUrl: string;
  readonly redisUrl: string;
  readonly stopping: AbortSignal;
  readonly observer: SessionObserver;
  /** Names this process among captures, across its sessions. */
  readonly instance: string;
  readonly tracer?: ChangeTracer | undefined;
}

/** What a session tells its process, for log, metrics and readiness. */
export interface SessionObserver {
  /** Something an operator should know, which changes nothing of how the session goes on. */
  notice(event: string, sentence: string): void;
  unchecked(durability: string): void;
  streaming(position: string): void;
  progress(progress: Progress): void;
  change(change: ChangeName): void;
  batch(jobs: number): void;
  /** Redis takes no batches for now; told at each failed try, until `resumed`. */
  paused(error: Error, retryInMs: number): void;
  resumed(): void;
  /** The queues hold too much, or Redis' memory does: nothing is enqueued until `released`. */
  held(reason: string): void;
  released(): void;
  /** The next change is of a table that PostgreSQL does not show yet: nothing goes on until `shown`. */
  hidden(reason: string): void;
  shown(): void;
  /** A table has been held against what a queue expects of it, ahead of its changes. */
  drift(notice: DriftNotice): void;
  /** What a look at publication and tables has found; nothing: every change that queues expect comes. */
  tables(findings: readonly TableFinding[]): void;
  /** A look failed, or a table could not be added to the publication. */
  tablesUnseen(error: Error): void;
  /** A transaction's context could not be read, and why. */
  contextRefused(reason: string): void;
  /** Rows that were in a table before. */
  backfill(notice: BackfillNotice): void;
  /** A change cannot be written out, and why: its key alone is enqueued, and fails. */
  changeParked(change: ChangeName, reason: string): void;
  /** An event is none that a queue takes, and why; without an id it has no place in the stream either. */
  eventMalformed(reason: string, changeId?: string): void;
}

/** A session whose connections are up, and which holds the slot. */
export interface ConnectedOptions extends SessionOptions {
  readonly control: Control;
  readonly source: Source;
  /** Of the database. */
  readonly encoding: string;
  readonly stream: ReplicationStream;
  readonly slot: Slot;
}
