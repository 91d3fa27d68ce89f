import { setTimeout as sleep } from 'node:timers/promises';
import { type ErrorCode, formatPosition, type Position, WalmqError } from '@walmq/change';
import type { Redis } from 'ioredis';
import { readCheckpoint, touchCheckpoint } from '../checkpoint/checkpoint.js';
import type { Job } from '../job.js';
import { classifyRedisFailure } from '../redis/redis-failure.js';
import { type Batch, type BatchLimits, FillingBatch } from './batch.js';
import { BatchWriter, type BatchWriterOptions } from './write-batch.js';

export interface ProducerConnection {
  readonly redis: Redis;
  /** Resolves when all that was written on this connection is durable; rejects with NOT_DURABLE_YET. */
  readonly confirm: () => Promise<void>;
}

export interface EnqueuerOptions extends BatchWriterOptions {
  /** A fresh connection that has been found able to keep the promise of durability. */
  readonly connect: () => Promise<ProducerConnection>;
  /** Where the checkpoint stands now. */
  readonly position: string;
  /** The transaction that it marks; default: none. */
  readonly transaction?: string;
  readonly limits: BatchLimits;
  readonly batchesInFlight: number;
  /** Redis holds the batch's jobs. Called in the order of the stream, as onDurable is. */
  readonly onEnqueued: (batch: Batch) => void;
  /** ... and keeps them, as the promise of durability says. */
  readonly onDurable: (batch: Batch) => void;
  /** Redis does not take batches for now; called at each failed try. */
  readonly onPause: (error: Error, retryInMs: number) => void;
  readonly onResume: () => void;
}

/**
 * Changes to jobs: fills a batch while others are in flight, sends it when it is full or nothing is unanswered, and
 * after any failure asks the checkpoint what happened. At most `batchesInFlight` batches and the one being filled are
 * in memory.
 */
export class Enqueuer {
  readonly #options: EnqueuerOptions;
  readonly #writer: BatchWriter;
  /** Changes up to this position have been enqueued before. */
  readonly #resumeAfter: string;
  readonly #filling: FillingBatch;
  #connection: ProducerConnection | undefined;
  /** Sent and not yet answered, in the order of the stream. */
  readonly #inFlight: Batch[] = [];
  #enqueuedUpTo: string;
  /** The one begun last. */
  #transaction: string;
  #flushWanted = false;
  #recovery: Promise<void> | undefined;
  #held = false;
  #failure: unknown;
  #closed = false;
  #waiting: { resolve: () => void; reject: (error: unknown) => void }[] = [];

  constructor(options: EnqueuerOptions) {
    this.#options = options;
    this.#transaction = options.transaction ?? '';
    this.#filling = new FillingBatch(options.limits, options.position, this.#transaction);
    this.#writer = new BatchWriter(options);
    this.#resumeAfter = options.position;
    this.#enqueuedUpTo = options.position;
  }

  /** True when every change added has been answered for. */
  get idle(): boolean {
    return this.#filling.empty && this.#inFlight.length === 0;
  }

  /** What comes is of this transaction: batches that end in or after it say so beside the checkpoint. */
  began(transaction: string): void {
    this.#transaction = transaction;
  }

  /**
   * Adds the jobs of one change, which stands at `position`, and skips a change that has been enqueued before. Returns
   * a promise when the batch is full: add nothing more until it resolves. The promise rejects with the fault that
   * stopped the enqueuer.
   */
  add(jobs: readonly Job[], position: string): Promise<void> | undefined {
    if (position <= this.#resumeAfter) return undefined;
    this.#filling.add(jobs);
    this.#filling.advanceTo(position, this.#transaction);
    if (!this.#filling.full) return undefined;
    this.#pump();
    return this.#filling.full ? this.#ready() : undefined;
  }

  /** Everything up to here has been seen, jobs or not: the checkpoint may move. */
  advanceTo(position: Position): void {
    this.#filling.advanceTo(formatPosition(position), this.#transaction);
  }

  /** Sends what is there as soon as it may, without waiting for a full batch. */
  flush(): void {
    this.#flushWanted = true;
    this.#pump();
  }

  /** Sends nothing more until `release`: what is read fills one batch, and then the stream waits. */
  hold(): void {
    this.#held = true;
  }

  release(): void {
    this.#held = false;
    this.#pump();
    this.#wake();
  }

  /** Moves the checkpoint when there is nothing else to send, so that the slot of a quiet table moves. */
  flushProgress(): void {
    if (this.idle && this.#filling.advanced && !this.#recovery) this.#send(this.#filling.take());
  }

  /** Sends everything and resolves when all of it, and the progress since, has been answered. */
  async drain(): Promise<void> {
    while (!this.idle) {
      this.flush();
      await this.#nextAnswer();
    }
    this.flushProgress();
    while (this.#inFlight.length > 0) await this.#nextAnswer();
  }

  /** Rejects when the enqueuer has failed for good; never resolves. */
  async failed(): Promise<never> {
    while (true) await this.#nextAnswer();
  }

  close(): void {
    this.#closed = true;
    this.#connection?.redis.disconnect();
    this.#fail(new WalmqError('ENQUEUER_CLOSED', 'the enqueuer was closed.'));
  }

  #pump(): void {
    while (this.#mayTake()) this.#send(this.#filling.take());
    if (this.#filling.empty) this.#flushWanted = false;
  }

  #mayTake(): boolean {
    if (this.#held || this.#recovery || this.#failure !== undefined || this.#filling.empty) return false;
    if (this.#inFlight.length >= this.#options.batchesInFlight) return false;
    if (this.#filling.full) return true;
    // Nagle's rule (RFC 896): what does not fill a batch waits for the answer to the one before, and grows meanwhile.
    return this.#flushWanted && (this.#inFlight.at(-1)?.ends ?? '') <= this.#enqueuedUpTo;
  }

  #send(batch: Batch): void {
    this.#inFlight.push(batch);
    this.#enqueue(batch, this.#connection).then(
      () => {
        this.#done(batch);
        this.#pump();
        this.#wake();
      },
      (error: unknown) => this.#recover(error),
    );
  }

  /** Durable first, then done: what is done may be acknowledged. */
  async #enqueue(batch: Batch, connection: ProducerConnection | undefined): Promise<void> {
    if (!connection) throw new WalmqError('REDIS_UNREACHABLE', 'there is no connection to Redis yet.');
    await this.#writer.write(batch, connection.redis);
    this.#written(batch);
    const durable = connection.confirm();
    // The next batch waits for this one's answer, not for its durability.
    this.#pump();
    await durable;
  }

  /** Said once of each batch, however often it took to find out. */
  #written(batch: Batch): void {
    if (batch.ends <= this.#enqueuedUpTo) return;
    this.#enqueuedUpTo = batch.ends;
    this.#options.onEnqueued(batch);
  }

  /** Answers come in the order of the stream: one connection, and batches that only follow each other. */
  #done(batch: Batch): void {
    if (this.#inFlight[0] !== batch) return;
    this.#inFlight.shift();
    this.#options.onDurable(batch);
  }

  #recover(error: unknown): void {
    this.#recovery ??= this.#recoverBatches(error).then(
      () => {
        this.#recovery = undefined;
        this.#pump();
        this.#wake();
      },
      (failure: unknown) => this.#fail(failure),
    );
  }

  /** A new connection, the checkpoint's answer, and again from there, for as long as it takes. */
  async #recoverBatches(first: unknown): Promise<void> {
    let error = first;
    let paused = false;
    for (let attempt = 0; ; attempt++) {
      if (this.#closed) throw error;
      // The very first connection is no trouble to tell of.
      if (this.#connection || attempt > 0) {
        this.#pauseOrThrow(error, retryDelayMs(attempt));
        paused = true;
      }
      if (attempt > 0) await sleep(retryDelayMs(attempt));
      try {
        await this.#resend();
        if (paused) this.#options.onResume();
        return;
      } catch (failure) {
        error = failure;
      }
    }
  }

  #pauseOrThrow(error: unknown, retryInMs: number): void {
    if (error instanceof WalmqError && !PASSING.has(error.code)) throw error;
    if (classifyRedisFailure(error) === 'fatal')
      throw new WalmqError('ENQUEUE_REFUSED', `Redis refuses the batch: ${(error as Error).message}.`, {
        remedy:
          'Nothing of it was written or acknowledged. Correct what the error names, then start capture again.',
        cause: error,
      });
    this.#options.onPause(error as Error, retryInMs);
  }

  async #resend(): Promise<void> {
    this.#connection?.redis.disconnect();
    this.#connection = await this.#options.connect();
    const { redis, confirm } = this.#connection;
    if (this.#closed) redis.disconnect();
    const position = (await readCheckpoint(redis, this.#options.checkpointKey)) ?? '';
    // What was written although its reply was lost. It was written on another connection, and WAIT and WAITAOF
    // only look at their own: a write on this one stands for all before it.
    const written = this.#inFlight.filter(batch => batch.ends <= position);
    if (written.length > 0) await touchCheckpoint(redis, this.#options.checkpointKey);
    if (written.length > 0) await confirm();
    for (const batch of written) {
      this.#written(batch);
      this.#done(batch);
    }
    for (const batch of [...this.#inFlight]) {
      await this.#enqueue(batch, this.#connection);
      this.#done(batch);
    }
  }

  /** Resolves when the batch being filled takes jobs again. */
  async #ready(): Promise<void> {
    while (this.#filling.full) await this.#nextAnswer();
    this.#throwFailure();
  }

  #nextAnswer(): Promise<void> {
    this.#throwFailure();
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  #wake(): void {
    for (const { resolve } of this.#waiting.splice(0)) resolve();
  }

  #fail(error: unknown): void {
    this.#failure ??= error;
    for (const { reject } of this.#waiting.splice(0)) reject(this.#failure);
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }
}

/** Faults that pass by themselves. */
const PASSING: ReadonlySet<ErrorCode> = new Set(['REDIS_UNREACHABLE', 'NOT_DURABLE_YET']);

function retryDelayMs(attempt: number): number {
  return attempt === 0 ? 0 : Math.min(100 * 2 ** (attempt - 1), 5000);
}
