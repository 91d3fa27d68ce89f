import type { Change } from '@walmq/change';
import type { Recorder } from '@walmq/figures';
import type { Verdict } from '../failure/verdict.js';

/** Where the workers of a queue count. */
export type Figures = Pick<Recorder, 'done' | 'notDone'>;

/** Counts the end of a try in the figures of its queue, which all workers of the queue share. */
export function countEnding(
  figures: Figures,
  { change, outcome, durationMs }: { change: Change; outcome: 'processed' | Verdict; durationMs: number },
): void {
  if (outcome === 'processed')
    figures.done({ durationMs, latencyMs: Date.now() - Date.parse(change.tx.committedAt) });
  else if (outcome === 'dropped') figures.done({ durationMs, latencyMs: undefined });
  // What is handed back or postponed is neither done nor failed: the same try comes again.
  else if (outcome === 'failed' || outcome === 'retried') figures.notDone(outcome);
}
