import { WalmqError } from '@walmq/change';
import { askBackends, type DatabaseUrl } from '@walmq/postgres';
import { poll, unlessAborted } from '@walmq/runtime';

export interface WatchServerOptions {
  readonly url: DatabaseUrl;
  readonly deadlineMs: number;
  /** Process ids of the session's connections. */
  readonly pids: readonly number[];
  readonly signal: AbortSignal;
}

/**
 * The name in DATABASE_URL may lead to another server by now, while connections to the old server live on: a proxy that
 * moved, a primary that was cut off and does not know its successor. Once per deadline, this asks the server behind the
 * name whether it has the session's connections. Rejects with REPLICATION_LOST when it has not; resolves after the signal.
 */
export async function watchServer({ url, deadlineMs, pids, signal }: WatchServerOptions): Promise<void> {
  await poll({
    everyMs: deadlineMs,
    startAfterMs: deadlineMs,
    signal,
    async look() {
      const states = await unlessAborted(askBackends({ url, deadlineMs, pids }), signal);
      if (states && pids.some(pid => states.get(pid) === 'gone')) throw elsewhere();
    },
  });
}

function elsewhere(): WalmqError {
  return new WalmqError(
    'REPLICATION_LOST',
    'the server that DATABASE_URL leads to does not have the connections of this capture: it is another one by now.',
  );
}
