import type { Watermark } from '@walmq/backfill';
import type { EncodedChange } from '@walmq/change';
import type { Job } from '@walmq/fanout';
import type { RowChange, Snapshot, Table, Tuple } from '@walmq/replication';
import { RecentTransactions } from './recent-transactions.js';

/** A chunk between its watermarks. */
export interface ChunkInHand {
  readonly token: string;
  readonly table: Table;
  /** Number of the queue that gets the rows. */
  readonly queue: number;
}

/** What has been read, before the high watermark is emitted. */
export interface ChunkRows {
  readonly tuples: readonly Tuple[];
  readonly snapshot: Snapshot;
}

/** A chunk whose high watermark has come. */
export type PassedChunk =
  /** It has to be read again, and why. */
  | { readonly token: string; readonly again: string }
  | (ChunkInHand & {
      readonly tuples: readonly Tuple[];
      /** False for a row of which the stream has brought a newer change. */
      readonly isCurrent: (row: EncodedChange) => boolean;
    });

/** Keys to remember of one window; more is a transaction so large that reading the chunk again is cheaper. */
const MOST_KEYS = 100_000;

/**
 * Decides which rows of a chunk are still current. A chunk is read between two watermarks of the stream. What the stream
 * brings between them may be newer than what was read, so those rows of the chunk are left out. DBLog,
 * https://arxiv.org/abs/2010.12597, section 3.2.
 *
 * A row read in the chunk's snapshot can be older than what the stream has brought only by a change of a transaction
 * that the snapshot does not see. Such a transaction's commit comes either between the watermarks, and then its keys are
 * known here; or after them, and then it is newer and comes later; or before the low one, by a server that had written
 * the commit but not yet shown it: then the chunk is read again.
 */
export class BackfillWindow {
  readonly #recent = new RecentTransactions();
  #chunk: ChunkInHand | undefined;
  #rows: ChunkRows | undefined;
  /** Undefined until the low watermark has come. */
  #since: { readonly before: readonly number[]; readonly keys: Set<string>; spoilt?: string } | undefined;

  /** From here on only watermarks with this token count; others are of chunks that were given up. */
  expect(chunk: ChunkInHand): void {
    this.#chunk = chunk;
    this.#rows = undefined;
    this.#since = undefined;
  }

  /** What was read, once the low watermark is committed and before the high one is emitted. */
  fill(rows: ChunkRows): void {
    this.#rows = rows;
  }

  /** The stream has come to a transaction. */
  began(xid: number): void {
    this.#recent.add(xid);
  }

  /** The stream has brought a change, and these are its jobs. */
  changed(change: RowChange, jobs: readonly Job[]): void {
    if (!this.#since || !this.#chunk) return;
    const own = this.#chunk.table;
    if (change.schema !== own.relation.schema || change.table !== own.relation.table) return;
    if (change.op === 'truncate') this.#since.spoilt = 'the table was truncated';
    else if (keyOf(change.of) !== keyOf(own)) this.#since.spoilt = 'the table was altered';
    else if (this.#since.keys.size >= MOST_KEYS) this.#since.spoilt = 'too many rows changed';
    // A change that the queue does not take (an operation it leaves out) makes no row outdated for the queue; a delete does.
    else if (change.op === 'delete' || jobs.some(({ queue }) => queue === this.#chunk?.queue))
      this.#since.keys.add(change.keyText ?? '');
  }

  /** The stream has brought a watermark. Returns the chunk whose high one it is. */
  passed({ mark, token }: Watermark): PassedChunk | undefined {
    if (this.#chunk?.token !== token) return undefined;
    if (mark === 'low') {
      this.#since = { before: this.#recent.list(), keys: new Set() };
      return undefined;
    }
    const passed = this.#judge(this.#chunk);
    this.#chunk = undefined;
    this.#rows = undefined;
    this.#since = undefined;
    return passed;
  }

  #judge(chunk: ChunkInHand): PassedChunk {
    const { token } = chunk;
    const since = this.#since;
    const rows = this.#rows;
    if (!since || !rows) return { token, again: 'its low watermark was not seen' };
    if (since.spoilt !== undefined) return { token, again: since.spoilt };
    if (since.before.some(xid => !rows.snapshot.sees(xid)))
      return { token, again: 'a transaction was committed that queries did not see yet' };
    return { ...chunk, tuples: rows.tuples, isCurrent: ({ keyText }) => !since.keys.has(keyText ?? '') };
  }
}

function keyOf({ keyColumns, columns }: Table): string {
  return keyColumns.map(index => columns[index]?.jsonName).join();
}
