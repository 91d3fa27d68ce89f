import { readTrace, type TraceOptions } from '../trace/read-trace.js';
import type { EntryState, QueueEntry, Trace, TracedChange } from '../trace/trace.js';

/** A change of a key that is not done, in one queue. */
export interface UnfinishedChange {
  readonly change: TracedChange;
  readonly entry: QueueEntry;
}

export interface Unfinished {
  /** In the order of the stream. */
  readonly changes: readonly UnfinishedChange[];
  /** What is not known, and why: a line that is too long, a type of a key that is a guess. */
  readonly notes: Trace['notes'];
}

const UNFINISHED: ReadonlySet<EntryState> = new Set(['waiting', 'active', 'delayed', 'parked', 'failed']);

export interface UnfinishedOptions extends Omit<TraceOptions, 'query'> {
  readonly table: string;
  readonly key: readonly string[];
}

/**
 * The changes of a row that wait, run, or are parked or failed: from the key's pointer along its line, never by a scan of a
 * list of waiting jobs. Throws TABLE_NOT_TAKEN or KEY_INVALID.
 */
export async function unfinishedOf({ table, key, ...options }: UnfinishedOptions): Promise<Unfinished> {
  const { changes, notes } = await readTrace({ ...options, query: { by: 'row', table, key } });
  return {
    changes: changes.flatMap(change =>
      change.queues.filter(({ state }) => UNFINISHED.has(state)).map(entry => ({ change, entry })),
    ),
    notes,
  };
}
