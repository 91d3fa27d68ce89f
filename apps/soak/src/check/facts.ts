/** A change as the triggers logged it, in the transaction that made it. */
export interface LoggedChange {
  /** Number in the log. Changes of one key have their numbers in the order of their commits, because they lock each other out. */
  readonly n: bigint;
  readonly xid: bigint;
  /** Table, or "events". */
  readonly name: string;
  readonly op: string;
  /** JSON text of the key: `[1]`. Empty for a truncate. */
  readonly key: string;
  /** Number that the database gave to the row's version, to the truncate or to the event. */
  readonly token: string;
  /** MD5 of each column's text, by column. */
  readonly old: Digest | null;
  readonly new: Digest | null;
}

export type Digest = Readonly<Record<string, string | null>>;

/** A job as Redis holds it, or held it before it was discarded. */
export interface FoundJob {
  readonly queue: string;
  readonly jobId: string;
  /** First part of the job's id: the position of its change. */
  readonly changeId: string;
  /** The job's data as text. */
  readonly data: string;
  readonly state: 'completed' | 'discarded' | 'other';
  /** Number of times that the queue's stream of events says that the job was added. 0: the stream does not go back so far. */
  readonly added: number;
}

/** An effect that a handler committed, in the order of the commits of one key. */
export interface FoundEffect {
  readonly n: bigint;
  readonly queue: string;
  readonly changeId: string;
}

/** A call of `effect`. */
export interface FoundAct extends FoundEffect {
  readonly idempotencyKey: string;
}

/** A row of a captured table as it is at the end. */
export interface FoundRow {
  readonly name: string;
  readonly key: string;
  readonly token: string;
}

export interface Facts {
  readonly log: readonly LoggedChange[];
  readonly jobs: readonly FoundJob[];
  readonly effects: readonly FoundEffect[];
  readonly acts: readonly FoundAct[];
  readonly rows: readonly FoundRow[];
  /** Tables by queue. "events" stands for events. */
  readonly tables: Readonly<Record<string, readonly string[]>>;
  /** Column by which a queue is ordered. Queues that are not named are ordered by the row's key. */
  readonly orderedBy: Readonly<Record<string, string>>;
  /** Queues that a backfill was requested for, with the table. */
  readonly backfilled: readonly { readonly queue: string; readonly table: string }[];
  /** Queues whose effects are made with `effect`. */
  readonly actQueues: readonly string[];
}
