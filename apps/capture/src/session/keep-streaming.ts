import { setTimeout as sleep } from 'node:timers/promises';
import type { WalmqError } from '@walmq/change';
import type { Service } from '@walmq/runtime';
import type { SessionObserver, SessionOptions } from './options.js';
import { recoveryOf, retryDelayMs } from './recover.js';
import { runSession } from './session.js';
import { SessionProgress } from './session-progress.js';

export interface KeepStreamingOptions extends SessionOptions, Pick<Service, 'log' | 'fail'> {
  readonly observer: StreamingObserver;
}

/** Told of each session, and of how it ended. */
export interface StreamingObserver extends SessionObserver {
  /** A fault ended it; `standby`: another capture reads the slot. */
  interrupted(role: 'standby' | 'waiting', error: WalmqError): void;
}

/** One session after the other until told to stop. A fault that a person has to mend goes to `fail`; never rejects. */
export async function keepStreaming(options: KeepStreamingOptions): Promise<void> {
  const { config, stopping, log, fail } = options;
  const progress = new SessionProgress(options.observer);
  while (!stopping.aborted) {
    try {
      await runSession({ ...options, observer: progress.observer });
    } catch (cause) {
      if (stopping.aborted) return;
      const { error, recovery } = recoveryOf(cause, config.source.slot);
      options.observer.interrupted(recovery === 'standby' ? 'standby' : 'waiting', error);
      if (recovery === 'stop') return fail(error);
      const retryInMs = retryDelayMs(recovery, progress.interrupted(recovery));
      const remedy = error.remedy ? ` ${error.remedy}` : '';
      log.warn(
        { event: 'session:ended', code: error.code, ...error.facts, retryInMs },
        `${error.message}${remedy}`,
      );
      await sleep(retryInMs, undefined, { signal: stopping }).catch(() => undefined);
    }
  }
}
