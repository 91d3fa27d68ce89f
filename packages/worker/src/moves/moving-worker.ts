import { AsyncResource } from 'node:async_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Change } from '@walmq/change';
import { isNotConnectionError, type Processor, Worker, type WorkerOptions } from 'bullmq';
import type { Redis } from 'ioredis';
import { keepJobsOf } from './keep-jobs.js';
import { Moves, type Taken } from './move-call.js';
import { Mover } from './mover.js';

export interface MovingWorkerOptions extends WorkerOptions {
  readonly connection: Redis;
  readonly prefix: string;
  readonly concurrency: number;
  readonly lockDuration: number;
}

/** Milliseconds until jobs are taken again after Redis has refused it. */
const AFTER_REFUSAL_MS = 1000;
/** The longest time of a timer. */
const FOR_EVER_MS = 2 ** 31 - 1;

/**
 * BullMQ's Worker that completes and takes jobs in batches: its own loop in place of BullMQ's, and a backend that gathers
 * completed jobs. All else is BullMQ's: how a job is processed, fails and is retried, locks and their renewal, stalled jobs.
 */
export class MovingWorker extends Worker<Change> {
  readonly #mover: Mover;
  /** Number of jobs taken that have not ended. */
  #inHand = 0;
  /** Taken beyond the concurrency: the reply of a call was lost, and the call was sent again. */
  readonly #held: Taken[] = [];
  #calls = 0;
  readonly #scope = new AsyncResource('walmq.moves');
  #losses = 0;
  #isClosing = false;
  /** Set while no job may be taken until a time. */
  #limitedUntilMs = 0;
  /** Time of the next delayed job; 0 for none. */
  #nextDelayedMs = 0;
  /** Aborted when the loop has to look again: the worker closes, pauses or resumes, or a job has ended. */
  #turn = new AbortController();
  /** True after a reply with fewer jobs than places. */
  #isDry = false;
  readonly #onLoss = () => {
    this.#losses += 1;
  };

  constructor(name: string, process: Processor<Change>, options: MovingWorkerOptions) {
    super(name, process, { ...options, autorun: false });
    const { connection, prefix, lockDuration, limiter, metrics } = options;
    connection.on('close', this.#onLoss);
    const moves = new Moves(connection, `${prefix}:${name}:`, {
      lockDuration,
      limiter,
      name: options.name,
      maxMetricsSize: metrics?.maxDataPoints,
    });
    this.#mover = new Mover({
      moves,
      concurrency: () => this.concurrency,
      inHand: () => this.#inHand,
      mayTake: () => !this.#isClosing && !this.paused && Date.now() >= this.#limitedUntilMs,
      newToken: () => `${this.id}:${this.#calls++}`,
      losses: () => this.#losses,
      onTaken: (jobs, places) => this.#begin(jobs, places),
      onLanded: () => {
        if (this.#isClosing || this.paused) this.#nextTurn();
      },
      onDry: ({ rateLimitMs, nextDelayed }) => {
        this.#limitedUntilMs = rateLimitMs > 0 ? Date.now() + rateLimitMs : 0;
        this.#nextDelayedMs = Math.max(nextDelayed, 0);
        // Emits BullMQ's event, once until the next job.
        void this.nextJobFromJobData();
        if (this.#isDry) return;
        this.#isDry = true;
        this.#nextTurn();
      },
      onError: error => void this.#refused(error),
      refusalOf: ({ id }, code) =>
        typeof code === 'string'
          ? new Error(code)
          : this.backend.finishedErrors({ code, jobId: id, command: 'moveToFinished', state: 'active' }),
    });
    // BullMQ's Job completes itself through its worker's backend.
    this.backend.moveToCompleted = async (job, returnValue, removeOnComplete, token) => {
      const finishedOn = await this.#mover.complete({
        id: job.id as string,
        token,
        returnValue: JSON.stringify(returnValue) ?? 'null',
        keepJobs: keepJobsOf(removeOnComplete ?? this.opts.removeOnComplete),
      });
      return { result: undefined, finishedOn };
    };
    this.on('closing', () => {
      this.#isClosing = true;
      this.#nextTurn();
    });
    this.on('closed', () => connection.off('close', this.#onLoss));
    this.on('resumed', () => this.#nextTurn());
  }

  override async run(): Promise<void> {
    if (this.running) throw new Error('Worker is already running.');
    this.running = true;
    try {
      if (this.#isClosing || this.paused) return;
      await this.startStalledCheckTimer();
      if (!this.opts.skipLockRenewal) this.lockManager.start();
      this.mainLoopRunning = this.#takeJobs();
      await this.mainLoopRunning;
    } finally {
      this.running = false;
    }
  }

  /** Ends when the worker closes or pauses, and its jobs have ended. */
  async #takeJobs(): Promise<void> {
    this.#mover.announce();
    while (true) {
      const isStopping = this.#isClosing || this.paused;
      if (isStopping && this.#inHand === 0 && this.#mover.isIdle) return;
      const limitMs = this.#limitedUntilMs - Date.now();
      if (isStopping || !this.#isDry) await this.#untilTurn();
      else if (limitMs <= 0) await this.#untilAnnounced();
      else if (await this.#untilTurn(this.getRateLimitDelay(limitMs))) {
        this.#limitedUntilMs = 0;
        this.#announce();
      }
    }
  }

  #announce(): void {
    this.#isDry = false;
    this.#mover.announce();
  }

  /** Waits for the marker that BullMQ adds with a job, or for the next delayed job. */
  async #untilAnnounced(): Promise<void> {
    const until = this.#nextDelayedMs;
    try {
      const timeout = this.getBlockTimeout(until);
      this.#nextDelayedMs = 0;
      const marker = timeout > 0 ? await this.backend.waitForJob(timeout) : null;
      const due = marker?.score ?? 0;
      const next = until > 0 && due > until ? until : due;
      if (next - Date.now() < 1) this.#announce();
      else this.#nextDelayedMs = next;
    } catch (error) {
      if (this.#isClosing) return;
      if (isNotConnectionError(error as Error)) this.emit('error', error as Error);
      await this.backend.reconnectBlocking().catch((failure: Error) => this.emit('error', failure));
      if (!this.#isClosing) await this.delay();
    }
  }

  #begin(jobs: readonly Taken[], places: number): void {
    this.#inHand += jobs.length;
    for (const job of jobs.slice(0, places)) void this.#process(job);
    for (const job of jobs.slice(places)) {
      this.#held.push(job);
      this.lockManager.trackJob(job.id, job.token, Date.now());
    }
  }

  async #process({ id, token, data }: Taken): Promise<void> {
    try {
      const job = await this.nextJobFromJobData(data, id, token);
      if (job) await this.processJob(job, token, () => false);
    } catch (error) {
      this.emit('error', error as Error);
    } finally {
      this.#inHand -= 1;
      const held = this.#held.shift();
      if (held) this.#scope.runInAsyncScope(() => void this.#process(held));
      this.#mover.placeFreed();
      if (this.#inHand === 0) this.#nextTurn();
    }
  }

  async #refused(error: Error): Promise<void> {
    if (this.#isClosing) return;
    if (isNotConnectionError(error)) this.emit('error', error);
    await this.#untilTurn(AFTER_REFUSAL_MS);
    this.#announce();
  }

  /** Resolves to false at the next turn, to true after some milliseconds without one. */
  async #untilTurn(ms = FOR_EVER_MS): Promise<boolean> {
    const { signal } = this.#turn;
    return await sleep(ms, true, { signal }).catch(() => false);
  }

  #nextTurn(): void {
    this.#turn.abort();
    this.#turn = new AbortController();
  }
}
