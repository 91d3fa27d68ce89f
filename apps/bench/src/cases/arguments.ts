import { parseArgs } from 'node:util';
import { BenchError } from './bench-error.js';
import { CONTENDERS, type Contender, DURABILITIES, type Durability } from './plan.js';

export interface BenchArguments {
  readonly help: boolean;
  readonly quick: boolean;
  /** Parts of case names. Empty: every case. */
  readonly only: readonly string[];
  readonly contenders: readonly Contender[];
  readonly durabilities: readonly Durability[];
  /** Number of runs of each contender. The median counts. */
  readonly rounds: number;
  /** Path of another build of capture, measured as the contender `other`. */
  readonly against: string | undefined;
}

export interface RunOptions {
  readonly args: BenchArguments;
  readonly print: (line: string) => void;
}

/** Values of --contender. `other` is measured only with --against. */
const NAMED = CONTENDERS.filter(contender => contender !== 'other');

export const HELP = `Usage: npm run bench [-- options]

Measures, on PostgreSQL and Redis servers of its own: how fast walmq drains a backlog, beside PostgreSQL's own
ceiling, Redis's ceiling and the glue one would write by hand; and how long a change takes from commit to handler.
Prints tables; saves JSON and a chart in apps/bench/results.

  --quick             fewer and smaller cases, one round (some minutes)
  --only <case>       cases whose name holds this; may be given again
                      (single, hundred, one: rows per transaction; narrow, wide: columns; latency-100, latency-2000)
  --contender <name>  only ${NAMED.join(', ')}; may be given again
  --durability <name> only ${DURABILITIES.join(' or ')}
  --rounds <n>        runs of each contender, alternating; the median counts (default 3, with --quick 1)
  --against <file>    another build's apps/capture/bin/capture.js, measured beside this one as "other"
  --help              show this`;

/** Parses the command line. Throws BENCH_ARGUMENTS for an unknown option or an invalid value. */
export function readArguments(args: readonly string[]): BenchArguments {
  const values = parse(args);
  const contenders: Contender[] = checked('contender', values.contender ?? NAMED, NAMED);
  return {
    help: values.help,
    quick: values.quick,
    only: values.only ?? [],
    contenders: values.against === undefined ? contenders : [...contenders, 'other'],
    durabilities: checked('durability', values.durability ?? DURABILITIES, DURABILITIES),
    rounds: rounds(values.rounds ?? (values.quick ? '1' : '3')),
    against: values.against,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        help: { type: 'boolean', default: false },
        quick: { type: 'boolean', default: false },
        only: { type: 'string', multiple: true },
        contender: { type: 'string', multiple: true },
        durability: { type: 'string', multiple: true },
        rounds: { type: 'string' },
        against: { type: 'string' },
      },
    }).values;
  } catch (cause) {
    throw unusable((cause as Error).message);
  }
}

function checked<T extends string>(option: string, given: readonly string[], allowed: readonly T[]): T[] {
  const known: readonly string[] = allowed;
  for (const name of given)
    if (!known.includes(name)) throw unusable(`--${option} ${name}: it is one of ${allowed.join(', ')}.`);
  return given as T[];
}

function rounds(text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1 && count <= 99) return count;
  throw unusable(`--rounds ${text}: it is a whole number from 1 to 99.`);
}

function unusable(what: string): BenchError {
  return new BenchError('BENCH_ARGUMENTS', what, { remedy: 'See npm run bench -- --help.' });
}
