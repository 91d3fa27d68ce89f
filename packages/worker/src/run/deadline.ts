import { setMaxListeners } from 'node:events';
import { WalmqError } from '@walmq/change';
import { isDecided } from '../failure/thrown.js';

export interface DeadlineOptions<T> {
  readonly deadlineMs: number;
  /** Ends the time early. */
  readonly stopping: AbortSignal;
  readonly act: (signal: AbortSignal) => Promise<T>;
  /** Called every `deadlineMs` while `act` runs past its deadline. */
  readonly onOverrun: (ranMs: number) => void;
}

/**
 * Runs `act` with a signal that aborts after `deadlineMs` or with `stopping`. Settles only when `act` has
 * settled: a retry beside a handler that ignores its signal would break the row's order. Rejects with
 * HANDLER_DEADLINE if `act` failed after its deadline. If it still completes, that is a success, and its own
 * decision (give up, drop) stands.
 */
export async function withDeadline<T>(options: DeadlineOptions<T>): Promise<T> {
  const { deadlineMs, stopping, act, onOverrun } = options;
  // Not AbortSignal.any: what that adds to a long-lived signal such as `stopping` is not always freed.
  const controller = new AbortController();
  // A handler may start any number of operations at the same time.
  setMaxListeners(0, controller.signal);
  const stop = () => controller.abort(stopping.reason);
  if (stopping.aborted) stop();
  stopping.addEventListener('abort', stop, { once: true });
  let periods = 0;
  const timer = setInterval(() => {
    periods += 1;
    if (periods > 1) onOverrun(periods * deadlineMs);
    else controller.abort(overdue(deadlineMs));
  }, deadlineMs);
  try {
    return await act(controller.signal);
  } catch (error) {
    throw periods > 0 && !isDecided(error) ? overdue(deadlineMs, error) : error;
  } finally {
    clearInterval(timer);
    stopping.removeEventListener('abort', stop);
  }
}

function overdue(deadlineMs: number, cause?: unknown): WalmqError {
  return new WalmqError('HANDLER_DEADLINE', `the handler did not finish within ${deadlineMs} ms.`, {
    remedy: 'Where the work takes longer by its nature, raise deadlineMs of the queue in walmq.config.ts.',
    cause,
  });
}
