import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { BenchError } from './bench-error.js';
import { CONTENDERS, type Contender, FACTS } from './contenders.js';
import { DURABILITIES, type Durability, type Size } from './plan.js';

export interface BenchArguments {
  readonly help: boolean;
  readonly size: Size;
  /** Parts of case names. Empty: every case. */
  readonly only: readonly string[];
  readonly contenders: readonly Contender[];
  readonly durabilities: readonly Durability[];
  /** Number of runs of each contender. The median counts. */
  readonly rounds: number;
  /** Folder of another checkout, measured as the contenders `other` and `other-batch`. */
  readonly against: string | undefined;
  /** Install what the peers need, and measure nothing. */
  readonly install: boolean;
  /** Folder for the results. Undefined: apps/bench/results. */
  readonly out: string | undefined;
  /** Files of results to write into the page of the benchmark. Empty: measure. */
  readonly writePage: readonly string[];
}

export interface RunOptions {
  readonly args: BenchArguments;
  readonly print: (line: string) => void;
  /** Gets a sentence about each run of a peer that has no result. */
  readonly onFailed: (sentence: string) => void;
}

/** Contenders that are measured unless others are named. */
const OWN = CONTENDERS.filter(name => !FACTS[name].isPeer && !FACTS[name].isOther);
const PEERS = CONTENDERS.filter(name => FACTS[name].isPeer);
const OTHERS = CONTENDERS.filter(name => FACTS[name].isOther);

export const HELP = `Usage: npm run bench [-- options]

Measures, on PostgreSQL and Redis servers of its own: how fast walmq brings a backlog to Redis and to its effects,
how long a change takes from commit to effect, how long the flow stops after SIGKILL, and what the writer pays.
Beside it: the ceilings of PostgreSQL and Redis, the glue and the worker that one would write by hand, and peers.
Prints tables; saves JSON and a chart in apps/bench/results.

  --quick             fewer and smaller cases, one round (on two cores some 6 minutes, with --peers some 15)
  --smoke             tiny counts of every case: shows that all of it runs, measures nothing
  --only <part>       cases whose name holds this; may be given again. Names begin with single, hundred, one (rows per
                      transaction, to Redis), noop, once (to the handler's end), latency, recovery, writer
  --contender <name>  only these; may be given again:
                      ${OWN.join(', ')};
                      with --peers also ${PEERS.join(', ')}
  --durability <name> only ${DURABILITIES.join(' or ')} (default both, with --quick fsync). Cases beyond the arrival in
                      Redis have fsync only
  --rounds <n>        runs of each contender, alternating; the median counts (default 3, with --quick 1)
  --peers             also measure the peers; what they need is installed into .cache. Says which it leaves out, and why
  --install           only install what the peers need
  --against <folder>  another built checkout, measured beside this one as ${OTHERS.join(', ')}
  --out <folder>      where to save the results
  --write-page <file> measure nothing: write the tables of these results into docs/reference/benchmark.md; may be
                      given again, later files win
  --help              show this`;

/** Parses the command line. Throws BENCH_ARGUMENTS for an unknown option or an invalid value. */
export function readArguments(args: readonly string[]): BenchArguments {
  const values = parse(args);
  const offered = [...OWN, ...(values.peers ? PEERS : []), ...(values.against === undefined ? [] : OTHERS)];
  const size = values.smoke ? 'smoke' : values.quick ? 'quick' : 'full';
  return {
    help: values.help,
    size,
    only: values.only ?? [],
    contenders: inOrder(checked('contender', values.contender ?? offered, offered)),
    durabilities: checked(
      'durability',
      values.durability ?? (size === 'full' ? DURABILITIES : ['fsync']),
      DURABILITIES,
    ),
    rounds: rounds(values.rounds ?? (size === 'full' ? '3' : '1')),
    against: values.against === undefined ? undefined : resolve(values.against),
    install: values.install,
    out: values.out,
    writePage: values['write-page'] ?? [],
  };
}

function inOrder(given: readonly Contender[]): Contender[] {
  return CONTENDERS.filter(name => given.includes(name));
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        help: { type: 'boolean', default: false },
        quick: { type: 'boolean', default: false },
        smoke: { type: 'boolean', default: false },
        peers: { type: 'boolean', default: false },
        install: { type: 'boolean', default: false },
        only: { type: 'string', multiple: true },
        contender: { type: 'string', multiple: true },
        durability: { type: 'string', multiple: true },
        rounds: { type: 'string' },
        against: { type: 'string' },
        out: { type: 'string' },
        'write-page': { type: 'string', multiple: true },
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
