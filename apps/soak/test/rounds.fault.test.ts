import { expect, it } from 'vitest';
import { readArguments } from '../src/command/arguments.js';
import { runRounds } from '../src/command/run-rounds.js';

/** Always the same schedules: a change of walmq decides whether they pass. Others are drawn by `npm run soak`. */
const SEED = '1';
/** Slow machines need more than the other tests: a round waits for everything that it has disturbed. */
const LIMIT_MS = 900_000;

it(
  '20 rounds of random faults: everything committed is enqueued and done once, in order',
  async () => {
    const lines: string[] = [];
    const args = readArguments(['--rounds', '20', '--parallel', '2', '--seed', SEED], 0);
    const results = await runRounds(args, line => lines.push(line));
    expect(
      results.filter(({ faults }) => faults.length > 0),
      lines.join('\n'),
    ).toEqual([]);
    expect(results.every(({ changes, jobs, looks }) => changes > 20 && jobs > 5 && looks > 5)).toBe(true);
  },
  LIMIT_MS,
);
