import type { LatencyResult, Report, ThroughputResult } from '../cases/measurement.js';
import type { Contender } from '../cases/plan.js';
import { median } from '../measure/statistics.js';

/** The report as Markdown tables with medians over the rounds. */
export function renderTables(report: Report): string {
  const { throughput, latency } = report;
  const sections = [
    throughput.length > 0 ? ['Throughput', ...throughputTable(throughput)] : [],
    throughput.length > 0 ? ['Ratios of walmq', ...ratioTable(throughput)] : [],
    latency.length > 0 ? ['Latency from commit to handler', ...latencyTable(latency)] : [],
  ];
  return sections
    .filter(lines => lines.length > 0)
    .map(lines => `${lines.join('\n')}\n`)
    .join('\n');
}

/** Changes per second, median over the rounds. */
export function rateOf(result: ThroughputResult): number {
  return median(result.runs.map(({ changes, seconds }) => changes / seconds));
}

function throughputTable(results: readonly ThroughputResult[]): string[] {
  return table(
    [
      'case',
      'contender',
      'durability',
      'changes/s',
      'lowest',
      'highest',
      'CPU us/change',
      'peak RSS MB',
      'Redis us/change',
      'Redis busy',
    ],
    results.map(result => {
      const rates = result.runs.map(({ changes, seconds }) => changes / seconds);
      return [
        result.case,
        result.contender,
        result.durability ?? '',
        whole(median(rates)),
        whole(Math.min(...rates)),
        whole(Math.max(...rates)),
        medianOf(result.runs, run => scaled(run.cpuSeconds, 1e6 / run.changes), 1),
        medianOf(result.runs, run => scaled(run.peakRssBytes, 1 / 1024 / 1024), 0),
        medianOf(result.runs, run => scaled(run.redisCpuSeconds, 1e6 / run.changes), 1),
        medianOf(result.runs, run => scaled(run.redisCpuSeconds, 1 / run.seconds), 2),
      ];
    }),
  );
}

/**
 * Median of the ratios of the rounds. The runs of one round follow each other closely, so that other load of the machine
 * affects both.
 */
function ratio(of: ThroughputResult, other: ThroughputResult | undefined): string {
  if (!other) return '';
  const rates = ({ runs }: ThroughputResult) => runs.map(({ changes, seconds }) => changes / seconds);
  const others = rates(other);
  return median(rates(of).map((rate, round) => rate / (others[round] ?? Number.NaN))).toFixed(2);
}

function ratioTable(results: readonly ThroughputResult[]): string[] {
  const against = (of: ThroughputResult, contender: Contender) =>
    ratio(
      of,
      results.find(
        other =>
          other.case === of.case &&
          other.contender === contender &&
          (contender === 'postgres' || other.durability === of.durability),
      ),
    );
  return table(
    [
      'case',
      'durability',
      'of the glue',
      "of Redis's ceiling",
      "of PostgreSQL's ceiling",
      'of the other build',
    ],
    results
      .filter(({ contender }) => contender === 'walmq')
      .map(result => [
        result.case,
        result.durability ?? '',
        against(result, 'glue'),
        against(result, 'redis'),
        against(result, 'postgres'),
        against(result, 'other'),
      ]),
  );
}

function latencyTable(results: readonly LatencyResult[]): string[] {
  return table(
    [
      'case',
      'contender',
      'durability',
      'p50 ms',
      'p99 ms',
      'p99.9 ms',
      'max ms',
      'reached/s',
      'CPU us/change',
    ],
    results.map(result => [
      result.case,
      result.contender,
      result.durability ?? '',
      medianOf(result.runs, run => run.p50Ms, 2),
      medianOf(result.runs, run => run.p99Ms, 2),
      medianOf(result.runs, run => run.p999Ms, 2),
      medianOf(result.runs, run => run.maxMs, 1),
      medianOf(result.runs, run => run.changesPerSecond, 0),
      medianOf(result.runs, run => scaled(run.cpuSeconds, 1e6 / run.changes), 0),
    ]),
  );
}

function medianOf<Run>(runs: readonly Run[], figure: (run: Run) => number | null, digits: number): string {
  const figures = runs.map(figure).filter(value => value !== null);
  return figures.length === 0 ? '' : median(figures).toFixed(digits);
}

function scaled(value: number | null, factor: number): number | null {
  return value === null ? null : value * factor;
}

function whole(value: number): string {
  return Math.round(value).toString();
}

/** Aligns the first column left and the figures of the other columns right. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map(row => (row[column] ?? '').length)),
  );
  const isFigure = head.map((_, column) => rows.every(row => /^[\d.]*$/.test(row[column] ?? '')));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => pad(cell, widths[column] ?? 0, isFigure[column] ?? false)).join(' | ')} |`;
  const rule = widths.map((width, column) =>
    isFigure[column] ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width),
  );
  return [line(head), line(rule), ...rows.map(line)];
}

function pad(text: string, width: number, right: boolean): string {
  return right ? text.padStart(width) : text.padEnd(width);
}
