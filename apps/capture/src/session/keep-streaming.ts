import { pause, type Service } from '@walmq/runtime';
import type { SessionOptions } from './options.js';
import { recoveryOf, retryDelayMs } from './recover.js';
import { runSession } from './session.js';
import { SessionProgress } from './session-progress.js';

export interface KeepStreamingOptions extends SessionOptions, Pick<Service, 'log' | 'fail'> {}

/** One session after the other until the signal. A fault that a person has to correct goes to `fail`; never rejects. */
export async function keepStreaming(options: KeepStreamingOptions): Promise<void> {
  const { config, stopping, log, fail, emit } = options;
  const progress = new SessionProgress(emit);
  let standsBy = false;
  while (!stopping.aborted) {
    try {
      await runSession({ ...options, emit: progress.take });
    } catch (cause) {
      if (stopping.aborted) return;
      const { error, recovery } = recoveryOf(cause, config.source.slot);
      const role = recovery === 'standby' ? 'standby' : 'waiting';
      emit({ type: 'interrupted', role, error, atMs: Date.now() });
      if (recovery === 'stop') return fail(error);
      const retryInMs = retryDelayMs(recovery, progress.interrupted(recovery));
      const remedy = error.remedy ? ` ${error.remedy}` : '';
      const line = { code: error.code, ...error.facts, retryInMs };
      if (recovery !== 'standby') log.warn({ event: 'session:ended', ...line }, `${error.message}${remedy}`);
      // A standby looks twice a second. Its log says once that it stands by, and once that it streams.
      else if (!standsBy) log.info({ event: 'session:standby', ...line }, `${error.message}${remedy}`);
      standsBy = recovery === 'standby';
      await pause(retryInMs, stopping);
    }
  }
}
