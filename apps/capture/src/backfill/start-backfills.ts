import type { ChunkOutcome } from './chunk-outcomes.js';
import { ChunkOutcomes } from './chunk-outcomes.js';
import { type BackfillsOptions, runBackfills } from './run-backfills.js';
import { BackfillWindow } from './window.js';

export interface StartOptions extends Omit<BackfillsOptions, 'window' | 'outcomes' | 'ending'> {
  readonly stopping: AbortSignal;
}

/** The backfills of a session, and what its stream has to tell them. */
export interface Backfills {
  readonly window: BackfillWindow;
  readonly onChunk: (token: string, outcome: ChunkOutcome) => void;
  /** Resolves when they have ended. */
  stop(): Promise<void>;
}

export function startBackfills({ stopping, ...options }: StartOptions): Backfills {
  const window = new BackfillWindow();
  const outcomes = new ChunkOutcomes();
  const session = new AbortController();
  const ended = runBackfills({
    ...options,
    window,
    outcomes,
    ending: AbortSignal.any([stopping, session.signal]),
  });
  return {
    window,
    onChunk: (token, outcome) => outcomes.settle(token, outcome),
    async stop() {
      session.abort();
      await ended;
    },
  };
}
