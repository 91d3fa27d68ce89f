import type { Json, Row } from '@walmq/change';

/** What to look for, as a person typed it. */
export type TraceQuery =
  | {
      readonly by: 'row';
      /** `orders`, or `sales.orders` outside schema public. */
      readonly table: string;
      /** Values of the key in its order, or `column=value` each, or one JSON object or array. */
      readonly key: readonly string[];
      /** Value of the column that orders the queue, where that is not the key. */
      readonly orderKey?: string | undefined;
    }
  /** Id of a change, or of its job. */
  | { readonly by: 'change'; readonly id: string }
  /** Commit LSN of a transaction. */
  | { readonly by: 'lsn'; readonly lsn: string }
  /** Key of an event: of a logical message, or the aggregate's id of an outbox row. */
  | { readonly by: 'event'; readonly key: string };

/** What Redis, the inbox, the effects ledger and the logs still know about a row, an event's key, a transaction or a change. */
export interface Trace {
  readonly query: TraceQuery;
  /** The row in words: `orders 42`. */
  readonly title: string;
  /** ISO 8601 */
  readonly at: string;
  /** In the order of the stream. */
  readonly changes: readonly TracedChange[];
  /** Number of changes that were found and are not in `changes`: the ones in the middle. */
  readonly omitted: number;
  /** What is not known, and why. */
  readonly notes: readonly TraceNote[];
  /** True if `withoutData` removed keys, rows, contexts, reasons and results. */
  readonly isHidden: boolean;
}

/** One committed change, and what has become of it in each queue. */
export interface TracedChange {
  /** Position of the change: `00000000019F2B40-0000000001`. */
  readonly id: string;
  /** `insert`, `update`, ..., or the type of an event. Null if no source still holds the change itself. */
  readonly op: string | null;
  /** `orders`, or `sales.orders` outside schema public; null for an event and if it is not known. */
  readonly table: string | null;
  readonly key: Row | null;
  /** LSN of the commit, in PostgreSQL's form. */
  readonly lsn: string;
  readonly transaction: { readonly xid: number; readonly committedAt: string } | null;
  /** What the transaction said of itself: actor, reason. */
  readonly context: Row | null;
  /** Id of the earlier change that a rewind sent again as this one. */
  readonly rewound: string | null;
  /** W3C ids of capture's span, if the change was traced. */
  readonly span: { readonly traceId: string; readonly spanId: string } | null;
  /** Old and new row: one view for each way in which the queues and the logs show them. */
  readonly rows: readonly RowView[];
  /** Logs that hold the change. */
  readonly logs: readonly LogName[];
  readonly queues: readonly QueueEntry[];
  /** What operators did to it, the oldest first. */
  readonly actions: readonly ActionView[];
  /** The key under which the row goes on (of a delete) or went before (of an insert), if the key was changed. */
  readonly moved: { readonly to: boolean; readonly key: Row | null; readonly change: string } | null;
}

export type LogName = 'audit' | 'change-log';

/** Old and new row as somebody shows them. */
export interface RowView {
  /** Names of queues and logs that show exactly this. */
  readonly of: readonly string[];
  readonly before: Row | null;
  readonly after: Row | null;
  readonly differences: readonly Difference[];
}

/** A column whose value differs between old and new row. An absent value is not known. */
export interface Difference {
  readonly column: string;
  readonly before?: Json;
  readonly after?: Json;
}

/**
 * `done`: the job is gone, and the inbox shows that it was done. `gone`: neither job nor inbox know it. `not-taken`: the
 * configuration of today gives the queue no such change. `expected`: capture has not enqueued it yet.
 */
export type EntryState =
  | 'waiting'
  | 'active'
  | 'delayed'
  | 'parked'
  | 'failed'
  | 'completed'
  | 'done'
  | 'gone'
  | 'not-taken'
  | 'expected';

/** A change in one queue. Times are ISO 8601. */
export interface QueueEntry {
  readonly queue: string;
  readonly state: EntryState;
  /** One sentence for a state that needs a reason: why it waits, why it is gone. */
  readonly why: string | null;
  /** Null if Redis holds no job. */
  readonly job: JobView | null;
  /** The inbox's record of `once`. */
  readonly inbox: { readonly doneAt: string; readonly result: Json } | null;
  readonly effects: readonly EffectView[];
}

export interface JobView {
  readonly id: string;
  readonly enqueuedAt: string | null;
  /** Begin of the last attempt. */
  readonly startedAt: string | null;
  /** Completion or failure. */
  readonly endedAt: string | null;
  readonly delayedUntil: string | null;
  /** Attempts that have begun, and how many may begin in all. */
  readonly tries: number;
  readonly mostTries: number;
  /** How often a worker was lost while it had the change. */
  readonly stalls: number;
  /** The process that has or had the change, as it names itself. */
  readonly worker: string | null;
  /** Lock token of the attempt that runs now. */
  readonly lock: string | null;
  readonly failedReason: string | null;
  /** What the handler returned. */
  readonly result: Json;
  /** What a parked change waits for. */
  readonly behind: BlockerView | null;
}

/** The change that the whole line waits for, and how many of the line stand before this one. */
export interface BlockerView {
  /** Job directly before this one. */
  readonly directly: string;
  /** First job of the line. */
  readonly jobId: string;
  readonly state: EntryState;
  /** Why it is in this state, as a sentence; null for a state that speaks for itself. */
  readonly why: string | null;
  readonly op: string | null;
  readonly table: string | null;
  readonly key: Row | null;
  readonly failedReason: string | null;
  /** Who paused the key, if that is what the line waits for. */
  readonly paused: { readonly by: string; readonly at: string; readonly reason: string | null } | null;
  /** Number of unfinished changes before this one. */
  readonly ahead: number;
  /** True if the line was too long to be followed to its head: then `jobId` is only the first one seen. */
  readonly isLeast: boolean;
}

/** An effect of `effect`: outside PostgreSQL, at most repeated under the same identity. */
export interface EffectView {
  readonly name: string;
  readonly state: 'intended' | 'done';
  readonly attempts: number;
  readonly intendedAt: string;
  readonly doneAt: string | null;
  readonly idempotencyKey: string;
  readonly messageId: string;
  readonly result: Json;
}

/** What an operator did to a change: an entry of the operators' log. */
export interface ActionView {
  readonly at: string;
  readonly who: string;
  readonly via: string;
  readonly action: string;
  readonly queue: string | null;
  readonly outcome: 'begun' | 'done' | 'failed';
  readonly reason: string | null;
  readonly result: string | null;
}

/** Something that the trace cannot know, as a sentence. */
export interface TraceNote {
  readonly code: NoteCode;
  readonly queue: string | null;
  readonly text: string;
}

const URGENT: ReadonlySet<NoteCode> = new Set(['capture-behind', 'no-database']);

/** True of a note without which the changes would be misread: newer ones may be missing. */
export function isUrgent({ code }: TraceNote): boolean {
  return URGENT.has(code);
}

export type NoteCode =
  | 'keep-completed'
  | 'completed-bound'
  | 'search-bound'
  | 'chain-bound'
  | 'transaction-bound'
  | 'order-key'
  | 'mask-key'
  | 'no-database'
  | 'no-table'
  | 'no-log'
  | 'log-index'
  | 'log-forbidden'
  | 'inbox'
  | 'operator-log'
  | 'dead-letter'
  | 'capture-behind'
  | 'row-there'
  | 'row-gone'
  | 'nearest';
