export interface MoverState {
  /** Number of finished jobs that wait for a call. */
  readonly finished: number;
  /** Number of places that have no job, and for which no call in flight may take one. */
  readonly free: number;
  /** False while no job may be taken: the worker stops, or the rate limit is reached. */
  readonly mayTake: boolean;
  /** True if the queue may have jobs to take. */
  readonly mayHaveJobs: boolean;
  /** True if a job was announced after the last call had been sent. */
  readonly isAnnounced: boolean;
  /** Number of calls whose reply is outstanding. */
  readonly inFlight: number;
  readonly concurrency: number;
}

/** Number of jobs that a call completes, and that it may take. */
export interface NextCall {
  readonly finish: number;
  readonly take: number;
}

/** A call of 100 jobs holds Redis for about 2 ms. Larger calls cost no less per job. */
const MOST = 100;
/** One call runs in Redis while this process works on the reply to the other one. */
const CALLS_AT_ONCE = 2;
/** Share of the places for which a second call is sent. Less than that waits for the reply to the first one. */
const SHARE = 4;

/**
 * Decides what to send now; undefined for nothing. Without a call in flight, a job that finishes alone is moved at once.
 * During a call, jobs gather for the next one (Nagle's rule).
 */
export function nextCall(state: MoverState): NextCall | undefined {
  const { finished, free, mayTake, mayHaveJobs, isAnnounced, inFlight, concurrency } = state;
  if (inFlight >= CALLS_AT_ONCE) return undefined;
  const wanted = mayTake && mayHaveJobs ? Math.max(free, 0) : 0;
  const enough =
    inFlight === 0 || (isAnnounced && wanted > 0) ? 1 : Math.ceil(Math.min(concurrency, MOST) / SHARE);
  if (finished + wanted < enough) return undefined;
  const finish = Math.min(finished, MOST);
  return { finish, take: mayTake ? Math.min(Math.max(free + finish, 0), MOST) : 0 };
}
