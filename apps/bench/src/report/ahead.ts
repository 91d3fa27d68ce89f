import { type Contender, FACTS } from '../cases/contenders.js';
import type { Report, ResultOf } from '../cases/measurement.js';
import { median } from '../measure/statistics.js';
import { table } from './table.js';

/** A contender that wrote fewer than this share of the wanted changes was not measured at the wanted load. */
const REACHED_SHARE = 0.95;

interface Figure {
  readonly case: string;
  readonly durability: string;
  readonly contender: Contender;
  readonly value: number;
  readonly unit: 'changes/s' | 'ms';
}

/** Who is ahead in each case: the best of walmq's two kinds of workers beside the best of the others. */
export function aheadTable(report: Report): string[] {
  const figures = figuresOf(report);
  const cases = [...new Set(figures.map(figure => `${figure.case} ${figure.durability}`))];
  return table(
    [
      'case',
      'durability',
      'ahead',
      'walmq',
      'figure',
      'best other',
      'its figure',
      'unit',
      'walmq is better by',
    ],
    cases.flatMap(name => {
      const here = figures.filter(figure => `${figure.case} ${figure.durability}` === name);
      const own = best(here.filter(({ contender }) => isWalmq(contender)));
      const other = best(here.filter(({ contender }) => !isWalmq(contender)));
      if (!own || !other) return [];
      const factor = own.unit === 'ms' ? other.value / own.value : own.value / other.value;
      return [
        [
          own.case,
          own.durability,
          factor >= 1 ? 'walmq' : other.contender,
          own.contender,
          text(own),
          other.contender,
          text(other),
          own.unit,
          factor.toFixed(2),
        ],
      ];
    }),
  );
}

function figuresOf({ arrivals, effects, latency, cases }: Report): Figure[] {
  const wanted = new Map(
    cases.flatMap(each => (each.kind === 'latency' ? [[each.name, each.changesPerSecond] as const] : [])),
  );
  return [
    ...[...arrivals, ...effects].map(result =>
      figureOf(result, 'changes/s', ({ changes, seconds }) => changes / seconds),
    ),
    ...latency
      .filter(({ case: name, runs }) => {
        const rate = median(runs.map(({ changesPerSecond }) => changesPerSecond));
        return rate >= REACHED_SHARE * (wanted.get(name) ?? 0);
      })
      .map(result => figureOf(result, 'ms', ({ ended }) => ended.p50)),
  ].filter(({ contender }) => contender !== 'postgres' && contender !== 'redis' && !FACTS[contender].isOther);
}

function figureOf<Run>(result: ResultOf<Run>, unit: Figure['unit'], value: (run: Run) => number): Figure {
  return {
    case: result.case,
    // A contender without Redis stands beside those whose jobs are on disk, as its own are.
    durability: result.durability ?? 'fsync',
    contender: result.contender,
    value: median(result.runs.map(value)),
    unit,
  };
}

function best(figures: readonly Figure[]): Figure | undefined {
  return figures.toSorted((a, b) => (a.unit === 'ms' ? a.value - b.value : b.value - a.value))[0];
}

function isWalmq(contender: Contender): boolean {
  return contender === 'walmq' || contender === 'walmq-tuned' || contender === 'batch';
}

function text({ unit, value }: Figure): string {
  return value.toFixed(unit === 'ms' ? 1 : 0);
}
