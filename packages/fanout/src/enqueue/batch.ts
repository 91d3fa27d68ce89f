import type { Job } from '../job.js';

/** Jobs that are enqueued together, and the stretch of the stream they stand for. */
export interface Batch {
  readonly jobs: readonly Job[];
  /** The position the batch follows: where the checkpoint must stand for it to be written. */
  readonly follows: string;
  /** Where the checkpoint stands once it is written. */
  readonly ends: string;
  /** The last transaction at or before its end, as the stream marks it; empty or absent when none has been seen. */
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
  #transaction: string;

  constructor(limits: BatchLimits, position: string, transaction: string) {
    this.#limits = limits;
    this.#follows = position;
    this.#ends = position;
    this.#transaction = transaction;
  }

  get empty(): boolean {
    return this.#jobs.length === 0;
  }

  /** True when it stands for some of the stream, jobs or not. */
  get advanced(): boolean {
    return this.#ends !== this.#follows;
  }

  get full(): boolean {
    return this.#jobs.length >= this.#limits.jobs || this.#bytes >= this.#limits.bytes;
  }

  add(jobs: readonly Job[]): void {
    for (const job of jobs) {
      this.#jobs.push(job);
      this.#bytes += job.data.length;
    }
  }

  /** Everything up to this position, in or after this transaction, is in here or before. Positions only grow. */
  advanceTo(position: string, transaction: string): void {
    if (position <= this.#ends) return;
    this.#ends = position;
    this.#transaction = transaction;
  }

  /** Closes the batch and begins the next one where it ends. */
  take(): Batch {
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
}
