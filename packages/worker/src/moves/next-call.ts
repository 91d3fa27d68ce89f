export interface MoverState {
  /** Number of finished jobs that wait for a call. */
  readonly finished: number;
  /**
   * Number of places that have no job, and for which no call in flight may take one. Negative: so many more jobs are held, or
   * may come.
   */
  readonly free: number;
  /** Number of jobs that the worker may hold beyond its places. */
  readonly spare: number;
  /** False while no job may be taken: the worker stops, or the rate limit is reached. */
  readonly mayTake: boolean;
  /** True if the queue may have jobs to take. */
  readonly mayHaveJobs: boolean;
  /** True if the queue had more jobs than the last call that asked for some to hold. */
  readonly hasBacklog: boolean;
  /** True if a job was announced after the last call had been sent. */
  readonly isAnnounced: boolean;
  /** Number of calls whose reply is outstanding. */
  readonly inFlight: number;
  readonly concurrency: number;
}

/** Number of jobs that a call completes, that it may take for free places, and that it may take beyond them. */
export interface NextCall {
  readonly finish: number;
  readonly take: number;
  readonly spare: number;
}

/** A call of 100 jobs holds Redis for about 2 ms. Larger calls cost no less per job. */
const MOST = 100;
/** One call runs in Redis while this process works on the reply to the other one. */
const CALLS_AT_ONCE = 2;
/** Share of the places for which a second call is sent. Less than that waits for the reply to the first one. */
const SHARE = 4;

/**
 * Decides what to send now; undefined for nothing. Without a call in flight, a job that finishes alone is moved at once.
 * During a call, jobs gather for the next one (Nagle's rule). Jobs to hold are a reason for a call only if it moves many.
 */
export function nextCall(state: MoverState): NextCall | undefined {
  const { finished, free, spare, mayTake, mayHaveJobs, hasBacklog, isAnnounced, inFlight, concurrency } =
    state;
  if (inFlight >= CALLS_AT_ONCE) return undefined;
  const places = mayTake && mayHaveJobs ? atLeast0(free) : 0;
  const toHold = mayTake && hasBacklog ? atLeast0(free + spare) - atLeast0(free) : 0;
  const many = Math.ceil(Math.min(concurrency + spare, MOST) / SHARE);
  const isDue = inFlight === 0 ? finished + places > 0 : isAnnounced && places > 0;
  if (!isDue && finished + places + toHold < many) return undefined;
  const take = mayTake ? Math.min(atLeast0(free), MOST) : 0;
  const holds = mayTake && mayHaveJobs ? Math.min(atLeast0(free + spare), MOST) - take : 0;
  return { finish: Math.min(finished, MOST), take, spare: holds };
}

function atLeast0(count: number): number {
  return Math.max(count, 0);
}
