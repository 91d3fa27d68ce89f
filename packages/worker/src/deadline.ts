import { WalmqError } from '@walmq/change';

/**
 * Runs `act` with a signal that aborts after `deadlineMs` or with `stopping`. Resolves or rejects only when `act`
 * has settled: a retry must not run beside a handler that ignores its signal, or the row's order is gone. Rejects
 * with HANDLER_DEADLINE when it failed after its time was up.
 */
export async function withDeadline<T>(
  deadlineMs: number,
  stopping: AbortSignal,
  act: (signal: AbortSignal) => Promise<T>,
  onOverdue: () => void,
): Promise<T> {
  const deadline = new AbortController();
  const timer = setTimeout(() => {
    deadline.abort(new WalmqError('HANDLER_DEADLINE', `the handler had ${deadlineMs} ms.`));
    onOverdue();
  }, deadlineMs);
  const signal = AbortSignal.any([deadline.signal, stopping]);
  try {
    return await act(signal);
  } catch (error) {
    if (deadline.signal.aborted) throw deadlineError(deadlineMs, error);
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

function deadlineError(deadlineMs: number, cause: unknown): WalmqError {
  return new WalmqError(
    'HANDLER_DEADLINE',
    `the handler did not finish within ${deadlineMs} ms: ${(cause as Error).message}`,
    {
      cause,
    },
  );
}
