import { messageOf } from '@walmq/change';
import type { PipelineStatus } from '@walmq/operations';
import { type Logger, poll } from '@walmq/runtime';
import type { Redis } from 'ioredis';
import type { Watcher } from './watcher.js';

/** The status, and the connection that it came from. */
export interface Look {
  readonly status: PipelineStatus;
  readonly redis: Redis | Error;
}

/** Looks and tells until the signal. A look that fails is logged, and the next one is tried. */
export async function watchStatus({
  watcher,
  look,
  everySeconds,
  signal,
  log,
}: {
  readonly watcher: Watcher;
  readonly look: () => Promise<Look>;
  readonly everySeconds: number;
  readonly signal: AbortSignal;
  readonly log: Logger;
}): Promise<void> {
  let redis: Redis | Error = new Error('there was no look yet');
  await poll({
    everyMs: everySeconds * 1000,
    signal,
    look: async () => {
      try {
        const seen = await look();
        redis = seen.redis;
        if (!signal.aborted) await watcher.tell(seen.status, seen.redis);
      } catch (error) {
        log.error({ event: 'alerts:failed', error: messageOf(error) }, 'A look for alerts failed');
      }
    },
  });
  await watcher.close(redis);
}
