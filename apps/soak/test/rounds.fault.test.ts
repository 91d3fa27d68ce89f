import { expect, it } from 'vitest';
import { readArguments } from '../src/command/arguments.js';
import { runRounds } from '../src/command/run-rounds.js';

/** The machine is shared with other tests, and the rounds with the seed of a failure are run again by hand. */
it('20 rounds of random faults: everything committed is enqueued and done once, in order', async () => {
  const lines: string[] = [];
  const args = readArguments(['--rounds', '20', '--parallel', '2'], Date.now());
  const results = await runRounds(args, line => lines.push(line));
  expect(
    results.filter(({ faults }) => faults.length > 0),
    lines.join('\n'),
  ).toEqual([]);
  expect(results.every(({ changes, jobs, looks }) => changes > 20 && jobs > 5 && looks > 5)).toBe(true);
});
