import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ACT_KINDS } from '../plan/acts.js';
import type { ActKind } from '../plan/round.js';
import { SoakError } from '../soak-error.js';

export interface SoakArguments {
  readonly help: boolean;
  /** Number of rounds. */
  readonly rounds: number;
  /** The seeds of the rounds follow from it. */
  readonly seed: number;
  /** Seeds of the only rounds to run. */
  readonly only: readonly number[];
  /** Number of rounds that run at the same time, each with servers of its own. */
  readonly parallel: number;
  readonly kinds: readonly ActKind[];
  /** File to which the results are appended, one line of JSON for each round. */
  readonly file: string | undefined;
  /** Print what the rounds would do. */
  readonly print: boolean;
  /** Instead of rounds: this many changes without a fault, and a look at what grows. */
  readonly long: number | undefined;
  /** Files of results to write into the page of the soak. Empty: run. */
  readonly report: readonly string[];
}

export const HELP = `Usage: npm run soak [-- options]

Runs rounds of random faults on PostgreSQL, Redis, captures and workers, under a random load. After each round a checker that uses
no code of walmq compares what the database logged with what queues and handlers got. Exit code 1 if a round fails.

  --rounds <n>        number of rounds (default 20)
  --seed <n>          seed of the run: the same rounds again (default: from the clock)
  --round <seed>      only the round with this seed; may be given again
  --parallel <n>      rounds at the same time, each on servers of its own (default 1)
  --faults <a,b>      only these kinds: ${[...new Set(ACT_KINDS)].join(', ')}
  --json <file>       append the result of each round to this file; rounds that the file has are not run again, so an
                      interrupted run continues with the same command. Needs --seed
  --print             only print the rounds
  --long              no faults: pushes changes through capture, workers and dashboard, and fails if memory, Redis or
                      walmq's own tables grow. --json names the file for the samples
  --changes <n>       number of changes of --long (default 1000000)
  --report <file>     run nothing: write the results of --json into docs/reference/soak.md; may be given again
  --help              show this`;

const MAX_SEED = 4_294_967_295;

/** Parses the command line. Throws SOAK_ARGUMENTS for an unknown option or an invalid value. */
export function readArguments(args: readonly string[], nowMs: number): SoakArguments {
  const values = parse(args);
  if (!values.long && values.json !== undefined && values.seed === undefined && values.round === undefined)
    throw unusable('--json without --seed: the next run could not continue this one.');
  return {
    help: values.help,
    rounds: wholeNumber('rounds', values.rounds ?? '20', 1, 1_000_000),
    seed: wholeNumber('seed', values.seed ?? String(nowMs % 1_000_000), 0, MAX_SEED),
    only: (values.round ?? []).map(text => wholeNumber('round', text, 0, MAX_SEED)),
    parallel: wholeNumber('parallel', values.parallel ?? '1', 1, 16),
    kinds: kindsOf(values.faults),
    file: values.json === undefined ? undefined : resolve(values.json),
    print: values.print,
    report: (values.report ?? []).map(file => resolve(file)),
    long: values.long
      ? wholeNumber('changes', values.changes ?? '1000000', 10_000, 1_000_000_000)
      : undefined,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        help: { type: 'boolean', default: false },
        print: { type: 'boolean', default: false },
        long: { type: 'boolean', default: false },
        changes: { type: 'string' },
        report: { type: 'string', multiple: true },
        rounds: { type: 'string' },
        seed: { type: 'string' },
        round: { type: 'string', multiple: true },
        parallel: { type: 'string' },
        faults: { type: 'string' },
        json: { type: 'string' },
      },
    }).values;
  } catch (cause) {
    throw unusable((cause as Error).message);
  }
}

function kindsOf(text: string | undefined): readonly ActKind[] {
  if (text === undefined) return ACT_KINDS;
  const names = text.split(',').map(name => name.trim());
  const unknown = names.filter(name => !ACT_KINDS.some(kind => kind === name));
  if (unknown.length > 0) throw unusable(`--faults ${unknown.join(',')}: no kind of fault has this name.`);
  return names as ActKind[];
}

function wholeNumber(option: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (/^\d{1,10}$/.test(text) && value >= min && value <= max) return value;
  throw unusable(`--${option} ${text}: it is a whole number from ${min} to ${max}.`);
}

function unusable(what: string): SoakError {
  return new SoakError('SOAK_ARGUMENTS', what, { remedy: 'See npm run soak -- --help.' });
}
