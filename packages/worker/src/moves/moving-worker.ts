import { AsyncResource } from 'node:async_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Change } from '@walmq/change';
import { endConnection } from '@walmq/redis';
import { isNotConnectionError, type Job, type Processor, Worker, type WorkerOptions } from 'bullmq';
import type { Redis } from 'ioredis';
import { keepJobsOf } from './keep-jobs.js';
import { Moves } from './move-call.js';
import { Mover } from './mover.js';
import { Pace } from './pace.js';
import type { Taken } from './taken.js';

interface Held extends Taken {
  readonly sinceMs: number;
}

export interface MovingWorkerOptions extends WorkerOptions {
  readonly connection: Redis;
  readonly prefix: string;
  readonly concurrency: number;
  readonly lockDuration: number;
  /** False: no events of jobs that are taken or completed. */
  readonly events: boolean;
}

/** Milliseconds until jobs are taken again after Redis has refused it. */
const AFTER_REFUSAL_MS = 1000;
/** Held jobs that have not begun after this time go back to the queue. */
const GIVE_BACK_MS = 200;
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
  /** When the handlers that run began, by job. */
  readonly #running = new Map<string, number>();
  /** Taken beyond the places, from a backlog. They begin when a handler ends. */
  #held: Held[] = [];
  readonly #pace = new Pace();
  #heldTimer: NodeJS.Timeout | undefined;
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
  /** Ends the wait for an announced job. */
  #stopWaiting = noop;
  readonly #onLoss = () => {
    this.#losses += 1;
  };

  constructor(name: string, process: Processor<Change>, options: MovingWorkerOptions) {
    super(name, process, { ...options, autorun: false });
    const { connection, prefix, lockDuration, limiter, metrics, events } = options;
    connection.on('close', this.#onLoss);
    const moves = new Moves(connection, `${prefix}:${name}:`, {
      lockDuration,
      limiter,
      name: options.name,
      maxMetricsSize: metrics?.maxDataPoints,
      events,
    });
    this.#mover = new Mover({
      moves,
      concurrency: () => this.concurrency,
      taken: () => this.#running.size + this.#held.length,
      spare: () => this.#pace.spare(this.concurrency),
      mayTake: () => !this.#isStopping && Date.now() >= this.#limitedUntilMs,
      newToken: () => `${this.id}:${this.#calls++}`,
      losses: () => this.#losses,
      onTaken: jobs => this.#accept(jobs),
      onLanded: () => {
        if (this.#isStopping) this.#nextTurn();
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
      this.#leavePlace(job.id as string);
      const finishedOn = await this.#mover.complete({
        id: job.id as string,
        token,
        returnValue: JSON.stringify(returnValue) ?? 'null',
        keepJobs: keepJobsOf(removeOnComplete ?? this.opts.removeOnComplete),
        attemptsMade: job.attemptsMade,
        isDeduplicated: (job as unknown as Job<Change>).deduplicationId !== undefined,
      });
      return { result: undefined, finishedOn };
    };
    // BullMQ's waits for the end of the connection. One that is lost just then has no end, and a close would hang.
    this.backend.disconnectBlocking = async () => {
      this.#stopWaiting();
      void this.backend.blockingClient?.then(endConnection, noop);
    };
    this.on('closing', () => {
      this.#isClosing = true;
      this.#giveBack();
      this.#nextTurn();
    });
    this.on('closed', () => connection.off('close', this.#onLoss));
    this.on('resumed', () => this.#nextTurn());
  }

  get #isStopping(): boolean {
    return this.#isClosing || Boolean(this.paused);
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
      const isStopping = this.#isStopping;
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

  async #untilAnnounced(): Promise<void> {
    const stopped = new Promise<void>(resolve => {
      this.#stopWaiting = resolve;
    });
    await Promise.race([this.#awaitMarker(), stopped]);
  }

  /** Waits for the marker that BullMQ adds with a job, or for the next delayed job. */
  async #awaitMarker(): Promise<void> {
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
      await this.backend.reconnectBlocking().catch((failure: Error) => {
        if (!this.#isClosing) this.emit('error', failure);
      });
      if (!this.#isClosing) await this.delay();
    }
  }

  /**
   * The first jobs get the places, also of a worker that is stopping: it has asked for them. The others are held, except
   * those that have stalled: the processor runs such a job alone or puts it off. If this process dies at another one, a job
   * that was held would be blamed again.
   */
  #accept(jobs: readonly Taken[]): void {
    this.#inHand += jobs.length;
    const sinceMs = performance.now();
    for (const job of jobs) {
      const hasPlace = this.#held.length === 0 && this.#running.size < this.concurrency;
      if (hasPlace || job.data.stalledCounter > 0) this.#begin(job);
      else {
        this.#held.push({ ...job, sinceMs });
        this.lockManager.trackJob(job.id, job.token, Date.now());
      }
    }
    if (this.#isStopping) this.#giveBack();
    else this.#watchHeld();
  }

  #begin(job: Taken): void {
    this.#running.set(job.id, performance.now());
    void this.#process(job);
  }

  /** A handler has ended: the next job begins while this one is completed. */
  #leavePlace(id: string): void {
    const begunMs = this.#running.get(id);
    if (begunMs === undefined) return;
    this.#running.delete(id);
    this.#pace.ended(performance.now() - begunMs);
    if (this.#isStopping) this.#giveBack();
    else if (this.#running.size < this.concurrency) {
      const next = this.#held.shift();
      if (next) this.#scope.runInAsyncScope(() => this.#begin(next));
    }
  }

  async #process({ id, token, data }: Taken): Promise<void> {
    try {
      const job = await this.nextJobFromJobData(data, id, token);
      if (job) await this.processJob(job, token, () => false);
    } catch (error) {
      this.emit('error', error as Error);
    } finally {
      this.#leavePlace(id);
      this.#left();
    }
  }

  #left(): void {
    this.#inHand -= 1;
    this.#mover.placeFreed();
    if (this.#inHand === 0) this.#nextTurn();
  }

  /** Handlers that were fast may be slow now: other workers get what waits for them. */
  #watchHeld(): void {
    if (this.#heldTimer || this.#held.length === 0) return;
    this.#heldTimer = setTimeout(() => {
      this.#heldTimer = undefined;
      const [first] = this.#held;
      const heldMs = first ? performance.now() - first.sinceMs : 0;
      if (heldMs >= GIVE_BACK_MS) this.#pace.isSlow(heldMs);
      if (heldMs >= GIVE_BACK_MS || this.#isStopping) this.#giveBack();
      this.#watchHeld();
    }, GIVE_BACK_MS).unref();
  }

  /** Held jobs go back to where they were, in their order: the last one first, each before those that are there. */
  #giveBack(): void {
    const held = this.#held;
    this.#held = [];
    for (const job of held.toReversed()) void this.#returnToQueue(job);
  }

  async #returnToQueue({ id, token }: Taken): Promise<void> {
    this.lockManager.untrackJob(id);
    try {
      await this.backend.moveJobFromActiveToWait(id, token);
    } catch (error) {
      // If its reply was lost, the job is in the queue or has another worker. Else the check for stalled jobs finds it.
      if (!this.#isClosing) this.emit('error', error as Error);
    } finally {
      this.#left();
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

function noop(): void {}
