import type { RunOptions } from '../cases/arguments.js';
import { BenchError } from '../cases/bench-error.js';
import { FACTS } from '../cases/contenders.js';
import type { ResultOf } from '../cases/measurement.js';
import { type Case, type Entry, planRound, planRuns } from '../cases/plan.js';

/**
 * Measures a case: all contenders in turn, round after round. A peer that gets stuck or ends has no result of that run, and
 * `onFailed` gets a sentence. Any other failure ends the benchmark.
 */
export async function measureRounds<Run>(
  workload: Case,
  { args, print, onFailed }: RunOptions,
  options: {
    /** One run. `number` is its place among all runs of the case. */
    readonly measure: (entry: Entry, number: number) => Promise<Run>;
    readonly describe: (run: Run) => string;
  },
): Promise<ResultOf<Run>[]> {
  const entries = planRound(workload, args.contenders, args.durabilities);
  const runs = new Map<Entry, Run[]>(entries.map(entry => [entry, []]));
  for (const [number, entry] of planRuns(entries, args.rounds).entries()) {
    const name = [workload.name, entry.contender, entry.durability].filter(Boolean).join(' ');
    try {
      const run = await options.measure(entry, number);
      runs.get(entry)?.push(run);
      print(`  ${name}: ${options.describe(run)}`);
    } catch (error) {
      if (!(error instanceof BenchError) || !FACTS[entry.contender].isPeer) throw error;
      onFailed(`${name} failed: ${error.message}`);
    }
  }
  return entries
    .map(entry => ({ case: workload.name, ...entry, runs: runs.get(entry) ?? [] }))
    .filter(result => result.runs.length > 0);
}
