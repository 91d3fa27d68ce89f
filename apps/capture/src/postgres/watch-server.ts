import { WalmqError } from '@walmq/change';
import { askBackends } from '@walmq/postgres';

export interface WatchServerOptions {
  readonly url: string;
  readonly deadlineMs: number;
  /** Process ids of the session's connections. */
  readonly pids: readonly number[];
}

/**
 * The name in DATABASE_URL may lead to another server by now, while connections to the old one live on: a proxy that moved, a
 * primary that was cut off and knows nothing of its successor. So the server behind the name is asked, once per deadline,
 * whether it has the session's connections. `moved` rejects with REPLICATION_LOST when it has not; it never resolves.
 */
export function watchServer({ url, deadlineMs, pids }: WatchServerOptions): {
  readonly moved: Promise<never>;
  stop(): void;
} {
  let timer: NodeJS.Timeout | undefined;
  const moved = new Promise<never>((_, reject) => {
    const look = async () => {
      const states = await askBackends({ url, deadlineMs, pids });
      if (pids.some(pid => states.get(pid) === 'gone')) reject(elsewhere());
      else if (timer) timer = setTimeout(() => void look(), deadlineMs);
    };
    timer = setTimeout(() => void look(), deadlineMs);
  });
  moved.catch(() => undefined);
  return {
    moved,
    stop() {
      clearTimeout(timer);
      timer = undefined;
    },
  };
}

function elsewhere(): WalmqError {
  return new WalmqError(
    'REPLICATION_LOST',
    'the server that DATABASE_URL leads to does not have the connections of this capture: it is another one by now.',
  );
}
