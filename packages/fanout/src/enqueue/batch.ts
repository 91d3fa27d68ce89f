import { comparePositions, formatPosition, type Position } from '@walmq/change';
import type { Job } from '../job.js';

/** Jobs that are enqueued together, and the part of the stream that they cover. */
export interface Batch {
  readonly jobs: readonly Job[];
  /** End of the batch before. Redis rejects the batch if the checkpoint is not here. */
  readonly follows: string;
  /** Position of the checkpoint after the batch. */
  readonly ends: string;
  /** Last transaction at or before the end; empty or absent if there was none. */
  readonly transaction?: string;
}

export interface BatchLimits {
  readonly jobs: number;
  /** Length of the jobs' data, in UTF-16 units: near enough to bytes to bound memory. */
  readonly bytes: number;
}

/** The batch that is being filled. */
export class FillingBatch {
  readonly #limits: BatchLimits;
  #jobs: Job[] = [];
  #bytes = 0;
  #follows: string;
  #ends: string;
  /** The transaction of #ends. */
  #transaction: string;
  /** An end that is not written as text yet, and its transaction: most ends are passed before the batch is closed. */
  #later: { readonly position: Position; readonly transaction: string } | undefined;
  /** The transaction that began last. */
  #begun: string;

  constructor(limits: BatchLimits, position: string, transaction: string) {
    this.#limits = limits;
    this.#follows = position;
    this.#ends = position;
    this.#transaction = transaction;
    this.#begun = transaction;
  }

  get empty(): boolean {
    return this.#jobs.length === 0;
  }

  /** True if it covers a part of the stream, with or without jobs. */
  get advanced(): boolean {
    this.#settle();
    return this.#ends !== this.#follows;
  }

  get full(): boolean {
    return this.#jobs.length >= this.#limits.jobs || this.#bytes >= this.#limits.bytes;
  }

  /** Positions after this call belong to this transaction or come after it. */
  began(transaction: string): void {
    this.#begun = transaction;
  }

  add(jobs: readonly Job[]): void {
    for (const job of jobs) {
      this.#jobs.push(job);
      this.#bytes += job.data.length;
    }
  }

  /** This batch and those before it hold everything up to this change. Positions only grow. */
  reach(position: string): void {
    this.#later = undefined;
    this.#end(position, this.#begun);
  }

  /** Like `reach`, for a position between two transactions. */
  advanceTo(position: Position): void {
    if (this.#later && comparePositions(position, this.#later.position) <= 0) return;
    this.#later = { position, transaction: this.#begun };
  }

  /** Closes the batch. The next one begins at its end. */
  take(): Batch {
    this.#settle();
    const batch = {
      jobs: this.#jobs,
      follows: this.#follows,
      ends: this.#ends,
      transaction: this.#transaction,
    };
    this.#jobs = [];
    this.#bytes = 0;
    this.#follows = this.#ends;
    return batch;
  }

  #settle(): void {
    if (!this.#later) return;
    this.#end(formatPosition(this.#later.position), this.#later.transaction);
    this.#later = undefined;
  }

  #end(position: string, transaction: string): void {
    if (position <= this.#ends) return;
    this.#ends = position;
    this.#transaction = transaction;
  }
}
