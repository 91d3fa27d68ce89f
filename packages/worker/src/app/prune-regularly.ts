import { setTimeout } from 'node:timers/promises';
import type { Logger } from '@walmq/runtime';
import { type PruneOptions, pruneInbox } from '../effects/prune.js';
import type { WorkerMetrics } from '../metrics/metrics.js';

export interface PruneRegularlyOptions extends Omit<PruneOptions, 'signal'> {
  readonly log: Logger;
  readonly metrics: WorkerMetrics;
  /** Milliseconds from the end of a sweep to the next. Default: ten minutes. */
  readonly everyMs?: number;
}

const EVERY_MS = 600_000;

/** Prunes as long as the process runs. A sweep that fails is logged; the next one makes up for it. */
export function pruneRegularly(options: PruneRegularlyOptions): { stop(): Promise<void> } {
  const { log, metrics, everyMs = EVERY_MS, ...sweep } = options;
  const stopping = new AbortController();
  const { signal } = stopping;

  async function prune(): Promise<void> {
    try {
      const { inbox, effects } = await pruneInbox({ ...sweep, signal });
      metrics.pruned('inbox', inbox);
      metrics.pruned('effects', effects);
      if (inbox + effects > 0)
        log.info({ event: 'inbox:pruned', inbox, effects }, 'Deleted rows that no change needs any more');
    } catch (error) {
      log.warn(
        { event: 'inbox:not-pruned', error: (error as Error).message },
        'The inbox could not be pruned; the next try is in a while',
      );
    }
  }

  async function run(): Promise<void> {
    // Random, so that processes started together do not sweep at the same time.
    for (let waitMs = everyMs * Math.random(); ; waitMs = everyMs) {
      await setTimeout(waitMs, undefined, { signal, ref: false }).catch(() => {});
      if (signal.aborted) return;
      await prune();
    }
  }

  const ended = run();
  return {
    async stop() {
      stopping.abort();
      await ended;
    },
  };
}
