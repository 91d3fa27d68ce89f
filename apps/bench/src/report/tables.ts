import type { Contender } from '../cases/contenders.js';
import type { CpuSeconds, Drain, Latency, Percentiles, Report, ResultOf } from '../cases/measurement.js';
import { median } from '../measure/statistics.js';
import { aheadTable } from './ahead.js';
import { medianOf, scaled, table, whole } from './table.js';

/** The parts of a report that are tables, by name, with medians over the rounds. Empty parts are left out. */
export function tablesOf(report: Report): Map<string, string> {
  const parts: [string, string[]][] = [
    ['ahead', aheadTable(report)],
    ['arrivals', drainTable(report.arrivals)],
    ['arrival ratios', ratioTable(report.arrivals, 'walmq')],
    ['effects', drainTable(report.effects)],
    ['effect ratios', ratioTable(report.effects, 'batch')],
    ['latency', latencyTable(report.latency)],
    ['latency costs', latencyCostTable(report.latency)],
    ['recovery', recoveryTable(report)],
    ['writer', writerTable(report)],
  ];
  return new Map(
    parts.flatMap(([name, lines]) => (lines.length > 2 ? [[name, `${lines.join('\n')}\n`] as const] : [])),
  );
}

/** The report for the terminal. */
export function renderTables(report: Report): string {
  return [...tablesOf(report)].map(([name, text]) => `${name}\n${text}`).join('\n');
}

/** Changes per second, median over the rounds. */
export function rateOf(result: ResultOf<Drain>): number {
  return median(ratesOf(result));
}

function ratesOf({ runs }: ResultOf<Drain>): number[] {
  return runs.map(({ changes, seconds }) => changes / seconds);
}

const SIDES = ['reader', 'workers', 'redis', 'postgres'] as const satisfies (keyof CpuSeconds)[];
const COST_TITLES = ['reader us', 'workers us', 'Redis us', 'PostgreSQL us'];

/** CPU time of each side, in microseconds per change. */
function costsOf(runs: readonly { readonly changes: number; readonly cpu: CpuSeconds }[]): string[] {
  return SIDES.map(side => medianOf(runs, run => scaled(run.cpu[side], 1e6 / run.changes), 1));
}

function drainTable(results: readonly ResultOf<Drain>[]): string[] {
  return table(
    [
      'case',
      'contender',
      'durability',
      'changes/s',
      'lowest',
      'highest',
      ...COST_TITLES,
      'reader peak RSS MB',
    ],
    results.map(result => [
      result.case,
      result.contender,
      result.durability ?? '',
      whole(rateOf(result)),
      whole(Math.min(...ratesOf(result))),
      whole(Math.max(...ratesOf(result))),
      ...costsOf(result.runs),
      medianOf(result.runs, run => scaled(run.peakRssBytes, 1 / 1024 / 1024), 0),
    ]),
  );
}

/** The rate of one contender divided by that of each other one. */
function ratioTable(results: readonly ResultOf<Drain>[], of: Contender): string[] {
  const others = [...new Set(results.map(({ contender }) => contender))].filter(name => name !== of);
  return table(
    ['case', 'durability', ...others.map(name => `${of} : ${name}`)],
    results
      .filter(({ contender }) => contender === of)
      .map(result => [
        result.case,
        result.durability ?? '',
        ...others.map(name => ratio(result, beside(results, result, name))),
      ]),
  );
}

function beside<Run>(
  results: readonly ResultOf<Run>[],
  of: ResultOf<Run>,
  contender: Contender,
): ResultOf<Run> | undefined {
  return results.find(
    other =>
      other.case === of.case &&
      other.contender === contender &&
      (other.durability === null || other.durability === of.durability),
  );
}

/**
 * Median of the ratios of the rounds. The runs of one round follow each other closely, so that other load of the machine
 * affects both.
 */
function ratio(of: ResultOf<Drain>, other: ResultOf<Drain> | undefined): string {
  if (!other) return '';
  const others = ratesOf(other);
  return median(ratesOf(of).map((rate, round) => rate / (others[round] ?? Number.NaN))).toFixed(2);
}

function latencyTable(results: readonly ResultOf<Latency>[]): string[] {
  const cell = (runs: readonly Latency[], of: (run: Latency) => Percentiles | null) =>
    (['p50', 'p95', 'p99'] as const)
      .map(name => medianOf(runs, run => of(run)?.[name] ?? null, 1))
      .filter(text => text !== '')
      .join(' / ');
  return table(
    ['case', 'contender', 'durability', 'to Redis', 'to the handler', 'to its end', 'max', 'reached/s'],
    results.map(({ runs, ...result }) => [
      result.case,
      result.contender,
      result.durability ?? '',
      cell(runs, run => run.arrived),
      cell(runs, run => run.begun),
      cell(runs, run => run.ended),
      medianOf(runs, run => run.ended.max, 1),
      medianOf(runs, run => run.changesPerSecond, 0),
    ]),
  );
}

function latencyCostTable(results: readonly ResultOf<Latency>[]): string[] {
  return table(
    ['case', 'contender', 'durability', ...COST_TITLES],
    results.map(result => [result.case, result.contender, result.durability ?? '', ...costsOf(result.runs)]),
  );
}

function recoveryTable({ recovery }: Report): string[] {
  return table(
    ['case', 'contender', 'p50 ms', 'highest ms', 'kills'],
    recovery.map(({ runs, ...result }) => {
      const all = runs.flatMap(({ flowMs }) => flowMs);
      return [result.case, result.contender, whole(median(all)), whole(Math.max(...all)), String(all.length)];
    }),
  );
}

function writerTable({ writer }: Report): string[] {
  return table(
    ['contender', 'p50 ms', 'p99 ms', 'bytes of WAL'],
    writer.map(({ contender, runs }) => [
      contender === 'postgres' ? 'nothing' : contender,
      medianOf(runs, run => run.p50Ms, 3),
      medianOf(runs, run => run.p99Ms, 2),
      medianOf(runs, run => run.walBytes, 0),
    ]),
  );
}
