import { setTimeout as sleep } from 'node:timers/promises';
import { type Position, WalmqError } from '@walmq/change';
import type { Redis } from 'ioredis';
import { readCheckpoint, touchCheckpoint } from '../checkpoint/checkpoint.js';
import type { Job } from '../job.js';
import { type Batch, type BatchLimits, FillingBatch } from './batch.js';
import {
  type EnqueueAction,
  type EnqueueEvent,
  type EnqueueState,
  maySend,
  maySendProgress,
  nextEnqueue,
  startEnqueue,
} from './enqueue-state.js';
import { BatchWriter, type BatchWriterOptions } from './write-batch.js';

export interface ProducerConnection {
  readonly redis: Redis;
  /** Resolves when all that was written on this connection is durable; rejects with NOT_DURABLE_YET. */
  readonly confirm: () => Promise<void>;
}

export interface EnqueuerOptions extends BatchWriterOptions {
  /** Opens a new connection to a server that can provide the configured durability. */
  readonly connect: () => Promise<ProducerConnection>;
  /** Position of the checkpoint now. */
  readonly position: string;
  /** Transaction of the checkpoint; default: none. */
  readonly transaction?: string;
  readonly limits: BatchLimits;
  readonly batchesInFlight: number;
  /** Redis holds the batch's jobs. Called once for each batch, in the order of the stream, as onDurable is. */
  readonly onEnqueued: (batch: Batch) => void;
  /** The batch is durable as configured. */
  readonly onDurable: (batch: Batch) => void;
  /** Redis takes no batches at the moment. Called for each failed try. */
  readonly onPause: (error: Error, retryInMs: number) => void;
  readonly onResume: () => void;
}

/**
 * Fills a batch with jobs while others are in flight, and sends it when it is full, or on `flush` when the batch before it
 * is enqueued. At most `batchesInFlight` batches and the one being filled are in memory. What happens after an answer or
 * a fault is decided in enqueue-state.ts.
 */
export class Enqueuer {
  readonly #options: EnqueuerOptions;
  readonly #writer: BatchWriter;
  /** Changes up to this position have been enqueued before. */
  readonly #resumeAfter: string;
  readonly #filling: FillingBatch;
  #state: EnqueueState;
  #connection: ProducerConnection | undefined;
  #waiting: { resolve: () => void; reject: (error: unknown) => void }[] = [];

  constructor(options: EnqueuerOptions) {
    this.#options = options;
    this.#filling = new FillingBatch(options.limits, options.position, options.transaction ?? '');
    this.#writer = new BatchWriter(options);
    this.#resumeAfter = options.position;
    this.#state = startEnqueue(options.position);
  }

  /** The following changes belong to this transaction. The batches that end in or after it store it in the checkpoint. */
  began(transaction: string): void {
    this.#filling.began(transaction);
  }

  /**
   * Adds the jobs of one change, which stands at `position`, and skips a change that has been enqueued before. Returns
   * a promise when the batch is full: add nothing more until it resolves. The promise rejects with the fault that
   * stopped the enqueuer.
   */
  add(jobs: readonly Job[], position: string): Promise<void> | undefined {
    if (this.#state.phase.name === 'failed') return Promise.reject(this.#state.phase.failure);
    if (position <= this.#resumeAfter) return undefined;
    this.#filling.add(jobs);
    this.#filling.reach(position);
    if (!this.#filling.full) return undefined;
    this.#send();
    return this.#filling.full ? this.#ready() : undefined;
  }

  /** The stream was read up to here, with or without jobs: the checkpoint may move. */
  advanceTo(position: Position): void {
    this.#filling.advanceTo(position);
  }

  /** Sends what is there without waiting for a full batch. */
  flush(): void {
    if (!this.#filling.empty) this.#handle({ type: 'flush' });
  }

  /** Sends nothing more until `release`. The stream fills one batch, and then it waits. */
  hold(): void {
    this.#handle({ type: 'hold' });
  }

  release(): void {
    this.#handle({ type: 'release' });
  }

  /** Moves the checkpoint when there is nothing else to send, so that the slot of a quiet table moves. */
  flushProgress(): void {
    if (maySendProgress(this.#state, this.#filling)) this.#take();
  }

  /** Sends everything and resolves when all jobs and the progress after them are durable. */
  async drain(): Promise<void> {
    while (!this.#filling.empty || this.#state.inFlight.length > 0) {
      this.flush();
      await this.#nextAnswer();
    }
    this.flushProgress();
    while (this.#state.inFlight.length > 0) await this.#nextAnswer();
  }

  /** Rejects when the enqueuer has failed for good; never resolves. */
  async failed(): Promise<never> {
    while (true) await this.#nextAnswer();
  }

  close(): void {
    this.#handle({ type: 'close', failure: new WalmqError('ENQUEUER_CLOSED', 'the enqueuer was closed.') });
    this.#connection?.redis.disconnect();
  }

  #handle(event: EnqueueEvent): void {
    const { state, actions } = nextEnqueue(this.#state, event);
    this.#state = state;
    for (const action of actions) this.#act(action);
    this.#send();
  }

  #send(): void {
    while (maySend(this.#state, this.#filling, this.#options.batchesInFlight)) this.#take();
  }

  #take(): void {
    this.#handle({ type: 'taken', batch: this.#filling.take() });
    this.#wake();
  }

  #act(action: EnqueueAction): void {
    switch (action.type) {
      case 'connect':
        this.#settle(this.#connect(action.afterMs), (connection, checkpoint) =>
          this.#handle({ type: 'connected', connection, checkpoint }),
        );
        return;
      case 'write':
        this.#settle(this.#write(action.batch), connection =>
          this.#handle({ type: 'durable', connection, batch: action.batch }),
        );
        return;
      case 'confirm':
        this.#settle(this.#confirm(), connection => {
          for (const batch of action.batches) this.#handle({ type: 'durable', connection, batch });
        });
        return;
      case 'report-enqueued':
        this.#options.onEnqueued(action.batch);
        return;
      case 'report-durable':
        this.#options.onDurable(action.batch);
        this.#wake();
        return;
      case 'report-pause':
        this.#options.onPause(action.error as Error, action.retryInMs);
        return;
      case 'report-resume':
        this.#options.onResume();
        return;
      case 'report-failure':
        for (const { reject } of this.#waiting.splice(0)) reject(action.failure);
    }
  }

  /** Makes an event of what a command came to, on the connection of its start. */
  #settle<T>(command: Promise<T>, done: (connection: number, value: T) => void): void {
    const { connection } = this.#state;
    command.then(
      value => done(connection, value),
      (error: unknown) => this.#handle({ type: 'fault', connection, error }),
    );
  }

  /** Returns the position of the checkpoint. */
  async #connect(afterMs: number): Promise<string> {
    if (afterMs > 0) await sleep(afterMs);
    this.#throwFailure();
    this.#connection?.redis.disconnect();
    this.#connection = await this.#options.connect();
    const { redis } = this.#connection;
    if (this.#state.phase.name === 'failed') redis.disconnect();
    return (await readCheckpoint(redis, this.#options.checkpointKey)) ?? '';
  }

  /** Resolves when the batch is durable. */
  async #write(batch: Batch): Promise<void> {
    const { connection } = this.#state;
    const { redis, confirm } = this.#connection as ProducerConnection;
    await this.#writer.write(batch, redis);
    const durable = confirm();
    // The next batch waits for this one's answer, not for its durability.
    this.#handle({ type: 'enqueued', connection, batch });
    await durable;
  }

  /**
   * Resolves when all that Redis holds is durable. WAIT and WAITAOF cover the writes of their own connection only, so a
   * write on this connection stands for all before it.
   */
  async #confirm(): Promise<void> {
    const { redis, confirm } = this.#connection as ProducerConnection;
    await touchCheckpoint(redis, this.#options.checkpointKey);
    await confirm();
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

  #throwFailure(): void {
    if (this.#state.phase.name === 'failed') throw this.#state.phase.failure;
  }
}
