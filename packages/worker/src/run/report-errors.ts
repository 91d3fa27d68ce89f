import type { Logger } from '@walmq/runtime';

const REPEAT_MS = 60_000;

/**
 * Logs a worker's errors: each message when it is new, and once a minute while it lasts; the rest at debug
 * level.
 */
export function errorReporter(log: Logger): (error: Error) => void {
  const loggedAtMs = new Map<string, number>();
  return error => {
    const nowMs = Date.now();
    for (const [message, atMs] of loggedAtMs) if (nowMs - atMs >= REPEAT_MS) loggedAtMs.delete(message);
    const isNew = !loggedAtMs.has(error.message);
    if (isNew) loggedAtMs.set(error.message, nowMs);
    log[isNew ? 'warn' : 'debug'](
      { event: 'worker:error', error: error.message },
      'The queue cannot be served as it should be',
    );
  };
}
