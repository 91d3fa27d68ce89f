import { AsyncResource } from 'node:async_hooks';
import type { Finished, MoveCall, MoveReply, Moves } from './move-call.js';
import { nextCall } from './next-call.js';
import type { Taken } from './taken.js';

export interface MoverOptions {
  readonly moves: Pick<Moves, 'move' | 'recover'>;
  /** Number of jobs that the worker may have at the same time. */
  readonly concurrency: () => number;
  /** Number of jobs whose handlers run, and of those that wait in the worker. */
  readonly taken: () => number;
  /** Number of jobs that may wait in the worker. */
  readonly spare: () => number;
  readonly mayTake: () => boolean;
  /** Returns a lock token that no call has had. */
  readonly newToken: () => string;
  /** Number of times that the connection was lost. */
  readonly losses: () => number;
  /** Gets the jobs of a reply. */
  readonly onTaken: (jobs: readonly Taken[]) => void;
  /** A call has ended. */
  readonly onLanded: () => void;
  /** The queue had fewer jobs than there were places. */
  readonly onDry: (reply: Pick<MoveReply, 'rateLimitMs' | 'nextDelayed'>) => void;
  /** A call failed. The mover takes nothing more until jobs are announced. */
  readonly onError: (error: Error) => void;
  /** The error for a job that Redis refused to complete. */
  readonly refusalOf: (job: Finished, code: number | string) => Error;
}

interface Waiting {
  readonly job: Finished;
  readonly resolve: (finishedOn: number) => void;
  readonly reject: (error: Error) => void;
}

/** Completes and takes jobs in as few calls as possible: what finishes during a call goes into the next one. */
export class Mover {
  readonly #options: MoverOptions;
  #waiting: Waiting[] = [];
  #inFlight = 0;
  /** Number of jobs that the calls in flight may take. */
  #asked = 0;
  #mayHaveJobs = false;
  #hasBacklog = false;
  /** Number of times that jobs were announced; its value when the last call was sent. */
  #announced = 0;
  #announcedAtSend = 0;
  #isScheduled = false;
  /** Calls belong to no job: without it, the spans of the jobs taken would be children of the span of a completed one. */
  readonly #scope = new AsyncResource('walmq.moves');

  constructor(options: MoverOptions) {
    this.#options = options;
  }

  /** True if no call is in flight. */
  get isIdle(): boolean {
    return this.#inFlight === 0;
  }

  /** Resolves to the time at which the job was completed. Rejects if Redis refuses. */
  complete(job: Finished): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ job, resolve, reject });
      this.#schedule();
    });
  }

  /** The queue may have jobs. */
  announce(): void {
    this.#announced += 1;
    this.#mayHaveJobs = true;
    this.#schedule();
  }

  /** A place is free, or a job that was held is gone, without a job to complete. */
  placeFreed(): void {
    if (this.#mayHaveJobs) this.#schedule();
  }

  /** Jobs that finish in the same turn of the event loop go into one call. */
  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.#scope.runInAsyncScope(() => {
        while (this.#sendNext()) {}
      });
    });
  }

  #sendNext(): boolean {
    const { concurrency, taken, spare, mayTake, newToken } = this.#options;
    const next = nextCall({
      finished: this.#waiting.length,
      free: concurrency() - taken() - this.#asked,
      spare: spare(),
      mayTake: mayTake(),
      mayHaveJobs: this.#mayHaveJobs,
      hasBacklog: this.#hasBacklog,
      isAnnounced: this.#announced !== this.#announcedAtSend,
      inFlight: this.#inFlight,
      concurrency: concurrency(),
    });
    if (!next) return false;
    const waiting = this.#waiting.splice(0, next.finish);
    const finished = waiting.map(({ job }) => job);
    this.#announcedAtSend = this.#announced;
    const { take, spare: toHold } = next;
    void this.#send({ finished, take, spare: toHold, token: newToken(), timestamp: Date.now() }, waiting);
    return true;
  }

  async #send(call: MoveCall, waiting: readonly Waiting[]): Promise<void> {
    const announced = this.#announced;
    this.#inFlight += 1;
    this.#asked += call.take + call.spare;
    try {
      const reply = await this.#move(call);
      this.#landed(call);
      this.#accept(call, reply, announced);
      for (const [index, { job, resolve, reject }] of waiting.entries()) {
        const code = reply.refusals[index];
        if (code === undefined) resolve(call.timestamp);
        else reject(this.#options.refusalOf(job, code));
      }
    } catch (error) {
      this.#landed(call);
      for (const { reject } of waiting) reject(error as Error);
      this.#mayHaveJobs = false;
      this.#hasBacklog = false;
      this.#options.onError(error as Error);
    }
    this.#schedule();
  }

  async #move(call: MoveCall): Promise<MoveReply> {
    const { moves, losses } = this.#options;
    const before = losses();
    const reply = await moves.move(call);
    return losses() === before ? reply : await moves.recover(call, reply);
  }

  #landed({ take, spare }: MoveCall): void {
    this.#inFlight -= 1;
    this.#asked -= take + spare;
    this.#options.onLanded();
  }

  #accept(call: MoveCall, reply: MoveReply, announced: number): void {
    this.#options.onTaken(reply.taken);
    if (call.spare > 0) this.#hasBacklog = reply.taken.length >= call.take + call.spare;
    if (call.take === 0) return;
    const isDry = reply.taken.length < call.take;
    // A job that was announced meanwhile may have come after the script had run.
    this.#mayHaveJobs = !isDry || announced !== this.#announced;
    if (isDry) this.#options.onDry(reply);
  }
}
