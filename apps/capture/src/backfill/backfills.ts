import { type ChunkOutcome, ChunkOutcomes } from './chunk-outcomes.js';
import { type BackfillsOptions, runBackfills } from './run-backfills.js';
import { BackfillWindow } from './window.js';

/** The backfills of a session, and what the pipeline reports to them. */
export interface Backfills {
  readonly window: BackfillWindow;
  readonly onChunk: (token: string, outcome: ChunkOutcome) => void;
  /** Runs them until the signal. Never rejects. */
  run(signal: AbortSignal): Promise<void>;
}

export function backfillsOf(options: Omit<BackfillsOptions, 'window' | 'outcomes' | 'ending'>): Backfills {
  const window = new BackfillWindow();
  const outcomes = new ChunkOutcomes();
  return {
    window,
    onChunk: (token, outcome) => outcomes.settle(token, outcome),
    run: signal => runBackfills({ ...options, window, outcomes, ending: signal }),
  };
}
