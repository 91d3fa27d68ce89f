import type { Logger } from '@walmq/service';

const REPEAT_MS = 60_000;

/** Logs a worker's errors: each message when it is news and once a minute while it lasts, the rest for debugging. */
export function errorReporter(log: Logger): (error: Error) => void {
  const loggedAtMs = new Map<string, number>();
  return error => {
    const nowMs = Date.now();
    for (const [message, atMs] of loggedAtMs) if (nowMs - atMs >= REPEAT_MS) loggedAtMs.delete(message);
    const isNews = !loggedAtMs.has(error.message);
    if (isNews) loggedAtMs.set(error.message, nowMs);
    log[isNews ? 'warn' : 'debug'](
      { event: 'worker:error', error: error.message },
      'The queue cannot be served as it should be',
    );
  };
}
