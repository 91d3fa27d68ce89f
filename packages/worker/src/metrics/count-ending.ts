import type { Recorder } from '@walmq/figures';
import type { Verdict } from '../failure/verdict.js';

/** Where the workers of a queue count. */
export type Figures = Pick<Recorder, 'done' | 'notDone'>;

/** How a try at a change ended, and how long it took. */
interface TryEnding {
  readonly outcome: 'processed' | Verdict;
  readonly durationMs: number;
  /** From the commit of the change. Negative if the clocks of two machines differ. */
  readonly latencyMs: number;
}

/** Counts the end of a try in the figures of its queue, which all workers of the queue share. */
export function countEnding(figures: Figures, { outcome, durationMs, latencyMs }: TryEnding): void {
  if (outcome === 'processed') figures.done({ durationMs, latencyMs });
  else if (outcome === 'dropped') figures.done({ durationMs, latencyMs: undefined });
  // What is handed back or postponed is neither done nor failed: the same try comes again.
  else if (outcome === 'failed' || outcome === 'retried') figures.notDone(outcome);
}
