import { setMaxListeners } from 'node:events';
import { WalmqError } from '@walmq/change';
import { isDecided } from '../failure/thrown.js';

export interface DeadlineOptions<T> {
  readonly deadlineMs: number;
  /** Ends the time early. */
  readonly stopping: AbortSignal;
  readonly act: (signal: AbortSignal) => Promise<T>;
  /** Called every `deadlineMs` while `act` goes on past its deadline. */
  readonly onOverrun: (ranMs: number) => void;
}

/**
 * Runs `act` with a signal that aborts after `deadlineMs` or with `stopping`. Settles only when `act` has settled: a
 * retry must not run beside a handler that ignores its signal, or the row's order is gone. Rejects with
 * HANDLER_DEADLINE when `act` failed after its time was up; what it still completes is a success, and what it has decided
 * itself (give up, drop) stands.
 */
export async function withDeadline<T>(options: DeadlineOptions<T>): Promise<T> {
  const { deadlineMs, stopping, act, onOverrun } = options;
  // By hand, not AbortSignal.any: what that adds to a signal as long-lived as `stopping` is not always freed.
  const controller = new AbortController();
  // A handler may begin as many things at a time as it likes.
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
